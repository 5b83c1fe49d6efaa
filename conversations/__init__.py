"""What the bot says and asks: pure functions over values; no I/O, no clock, no database."""
