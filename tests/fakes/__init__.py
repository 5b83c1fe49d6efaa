"""Strict stand-ins for the two platforms, and people who use them."""
