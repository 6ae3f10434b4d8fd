"""Which agents have done something at their desks: kept in memory, so that a call costs no write, until it is noted.

A sign is a call that changes something, or that says that somebody is there (POST /api/agent/activity). What pages do
by themselves is none: they read, and they confirm what they have got.
"""

from collections.abc import Set

from django.http import HttpRequest

SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
OF_ITSELF = "/receipts"

_seen: set[int] = set()


def note_sign(request: HttpRequest, user_id: int) -> None:
    """Callable from any thread."""
    if request.method not in SAFE_METHODS and not request.path.endswith(OF_ITSELF):
        _seen.add(user_id)


def take_signs() -> Set[int]:
    """The ids of the users of whom there was a sign since this was last called."""
    taken = set(_seen)
    _seen.difference_update(taken)
    return taken


def give_back(signs: Set[int]) -> None:
    """They could not be noted: the next call of take_signs has them again."""
    _seen.update(signs)
