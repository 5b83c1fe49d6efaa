"""Staff and cadres at work on cases in chat: lists, steps, hand-over, referral, closing."""
