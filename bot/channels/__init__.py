"""The channels to people's phones; each one receives, renders and sends."""
