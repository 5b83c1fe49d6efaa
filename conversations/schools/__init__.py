"""Schools and their sessions: values and times, what is said about them, and what cadres order."""
