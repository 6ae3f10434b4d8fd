"""Bots that run elsewhere: what is sent to them, and what of their answers is believed."""
