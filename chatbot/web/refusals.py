"""Errors of the API as streams answer them."""

from chatbot.conversations.errors import ApiError
from realtime.stream.request import Refusal


def refusal(error: ApiError) -> Refusal:
    """An error as streams answer it."""
    return Refusal(error.http_status, error.code, str(error.message))
