"""Messages to many: whom they are for, how staff prepare and watch them, what they say."""
