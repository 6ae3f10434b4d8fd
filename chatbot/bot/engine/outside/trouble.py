"""What goes wrong with an endpoint, as a short code: never with its words, which may be those of people."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from json import JSONDecodeError

import httpx

from chatbot.bot.engine.interface import EngineTrouble
from chatbot.bot.engine.outside.size import TooMuchError

# A busy endpoint that says so is asked again, once, if it wants no more time than this.
MAX_RETRY_SECONDS = 2.0


@contextmanager
def troubles() -> Iterator[None]:
    """What the clients of endpoints raise, as EngineTrouble."""
    try:
        yield
    except _raised_by_clients() as error:
        raise EngineTrouble(code_of(error)) from None


@contextmanager
def reading() -> Iterator[None]:
    """What comes of reading an answer that has another form than it should have, as EngineTrouble."""
    try:
        yield
    except (ValueError, TypeError, AttributeError, LookupError, RecursionError):
        raise EngineTrouble("nonsense") from None


def code_of(error: Exception) -> str:
    """The code of what a client raised."""
    if isinstance(error, TooMuchError) or isinstance(error.__cause__, TooMuchError):  # of OpenAI's library
        return "nonsense"
    if isinstance(error, _errors("APIStatusError")):
        return code_of_status(error.status_code)  # type: ignore[attr-defined]
    refused = (*_errors("APIConnectionError"), httpx.ConnectError, httpx.ConnectTimeout, httpx.InvalidURL)
    if isinstance(error, refused):
        return "no_connection"
    if isinstance(error, _errors("OpenAIError")):
        return "error"
    return "broken_off" if isinstance(error, httpx.HTTPError | httpx.StreamError) else "nonsense"


def _raised_by_clients() -> tuple[type[Exception], ...]:
    others = (httpx.HTTPError, httpx.StreamError, httpx.InvalidURL, JSONDecodeError, UnicodeError, RecursionError)
    return (*_errors("OpenAIError"), *others)


def _errors(name: str) -> tuple[type[Exception], ...]:
    """A class of OpenAI's library, if that was imported: else nothing of it can have been raised."""
    error = getattr(sys.modules.get("openai"), name, None)
    return () if error is None else (error,)


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
