"""Joining by a code, and a cadre who types for somebody without a phone."""
