"""Files that people send: taken, looked into, kept, given out and deleted."""
