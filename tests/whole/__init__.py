"""The whole programme: its real parts, or its real process, between people and a database."""
