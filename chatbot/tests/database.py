"""Counting what a call costs the database."""

import contextlib
from collections.abc import Awaitable, Callable
from typing import Any
from unittest import mock

from django.db import connection
from django.test.utils import CaptureQueriesContext

from realtime.database import in_database
from realtime.database.threads import Threads

TRANSACTION_CONTROL = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")


async def count_queries(call: Callable[[], Awaitable[Any]]) -> list[str]:
    """The statements that a call runs on the database, without those that frame a transaction.

    All on one database thread, since Django's `connection`, which notes them, is another one in each.
    """
    thread = Threads("counting", 1)
    with contextlib.closing(thread), mock.patch("realtime.database._threads", return_value=thread):
        capture = await in_database(_start_capture)
        try:
            await call()
        finally:
            statements = await in_database(_end_capture, capture)
    return [sql for sql in statements if not sql.startswith(TRANSACTION_CONTROL)]


def _start_capture() -> CaptureQueriesContext:
    return CaptureQueriesContext(connection).__enter__()


def _end_capture(capture: CaptureQueriesContext) -> list[str]:
    capture.__exit__(None, None, None)
    statements = [query["sql"] for query in capture.captured_queries]
    connection.close()
    return statements
