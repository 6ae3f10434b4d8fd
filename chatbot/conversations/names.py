"""Names of sessions, as they come in addresses."""

from chatbot.conversations.errors import NotFound
from realtime import groups
from realtime.groups import Channel


def check_name(name: str) -> Channel:
    """The channel of a session name that came in a URL. Raises NotFound if no session can be called so."""
    if not groups.is_valid_name(name):
        raise NotFound
    return groups.session(name)
