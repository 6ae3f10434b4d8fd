"""Whether agents are at their desks: from their open streams, and from what they do there."""
