"""The phone somebody is reached at: its window, who holds it, what may be said on it."""
