"""What goes wrong with an endpoint, as a short code: never with its words, which may be those of people."""

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from json import JSONDecodeError

import httpx

from chatbot.bot.engine.interface import EngineTrouble

# A busy endpoint that says so is asked again, once, if it wants no more time than this.
MAX_RETRY_SECONDS = 2.0


@contextmanager
def troubles() -> Iterator[None]:
    """What the clients of endpoints raise, as EngineTrouble."""
    from openai import OpenAIError

    try:
        yield
    except (OpenAIError, httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, JSONDecodeError, UnicodeError) as error:
        raise EngineTrouble(code_of(error)) from None


@contextmanager
def reading() -> Iterator[None]:
    """What comes of reading an answer that has another form than it should have, as EngineTrouble."""
    try:
        yield
    except (ValueError, TypeError, AttributeError, LookupError):
        raise EngineTrouble("nonsense") from None


def code_of(error: Exception) -> str:
    """The code of what a client raised."""
    from openai import APIConnectionError, APIStatusError, OpenAIError

    if isinstance(error, APIStatusError):
        return code_of_status(error.status_code)
    if isinstance(error, APIConnectionError | httpx.ConnectError | httpx.ConnectTimeout | httpx.InvalidURL):
        return "no_connection"
    if isinstance(error, OpenAIError):
        return "error"
    return "broken_off" if isinstance(error, httpx.HTTPError | httpx.StreamError) else "nonsense"


def code_of_status(status: int) -> str:
    return "busy" if status == HTTPStatus.TOO_MANY_REQUESTS else f"http_{status}"


def pause_before_retry(response: httpx.Response) -> float | None:
    """After how many seconds to ask again, null if the answer is final."""
    if response.status_code != HTTPStatus.TOO_MANY_REQUESTS:
        return None
    try:
        seconds = float(response.headers.get("retry-after", ""))
    except ValueError:
        return None
    return seconds if 0 <= seconds <= MAX_RETRY_SECONDS else None
