"""Concerns: from one message about a child to a closed case that somebody owned."""
