"""Stubs of bots that run elsewhere: endpoints that follow the protocols of others, and misbehave when they are told."""
