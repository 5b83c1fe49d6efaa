"""The way to WhatsApp, walked through: what is done, what is missing, and what comes next."""
