"""What the workbench's tests share: agents who are logged in, and a quiet queue."""

from collections.abc import Iterator

import pytest
from django.test import override_settings

from chatbot.conversations import queue
from workbench.tests.agent import AgentClient, log_in


@pytest.fixture(autouse=True)
def _quiet_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    """Announcements come half a second later, in a test that did not ask for them."""
    monkeypatch.setattr(queue, "_request_announcement", lambda: None)


@pytest.fixture(autouse=True, scope="package")
def _workbench_settings() -> Iterator[None]:
    """Set once: Django takes all addresses apart anew after each change of ROOT_URLCONF.

    A hash that is meant to be slow is what these tests would mostly do.
    """
    hashers = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    with override_settings(ROOT_URLCONF="config.urls_workbench", PASSWORD_HASHERS=hashers):
        yield


@pytest.fixture
async def alice(transactional_db: None) -> AgentClient:
    return await log_in("alice", "Alice")


@pytest.fixture
async def bob(transactional_db: None) -> AgentClient:
    return await log_in("bob", "Bob")


@pytest.fixture
async def carol(transactional_db: None) -> AgentClient:
    """A supervisor."""
    return await log_in("carol", "Carol", is_supervisor=True)
