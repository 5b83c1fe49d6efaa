"""Who is on duty for urgent concerns, and how they are called until one of them takes it."""
