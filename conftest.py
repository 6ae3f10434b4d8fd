"""What all tests share."""

from collections.abc import Iterator

import pytest

from realtime.database import close_connections


@pytest.fixture(scope="session", autouse=True)
def _database_threads_end(django_db_setup: None) -> Iterator[None]:
    """Database threads keep their connection; PostgreSQL drops no database that somebody is connected to."""
    yield
    close_connections()
