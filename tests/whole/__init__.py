"""The whole programme at once: its real parts, or its real process, between people and a database."""
