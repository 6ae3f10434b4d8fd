"""Digests of secrets, for storing and counting."""

import hashlib

KEY_DIGITS = 16  # of a digest: enough to tell counts apart


def digest(secret: str) -> str:
    """How keys and tokens are stored. They are long and random, so that a fast hash without salt is enough."""
    return hashlib.sha256(secret.encode()).hexdigest()
