"""The ASGI applications, and the servers below them."""
