"""What all tests share."""

from collections.abc import Iterator

import pytest
from django.conf import settings

from realtime.database import close_connections


@pytest.fixture(scope="session", autouse=True)
def _no_rate_limits() -> None:
    """All tests of a process come from one address."""
    settings.RATE_LIMITS = {}


@pytest.fixture(scope="session", autouse=True)
def _database_threads_end(django_db_setup: None) -> Iterator[None]:
    """Database threads keep their connection; PostgreSQL drops no database that somebody is connected to."""
    yield
    close_connections()
