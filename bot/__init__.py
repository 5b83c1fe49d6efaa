"""The running programme: everything that touches the world."""
