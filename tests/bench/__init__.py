"""The benchmark: our bot and a plain peer, side by side, on the same fake Telegram."""
