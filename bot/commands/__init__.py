"""The commands of `kawan`, one file a group. Each imports what it needs when it is called."""
