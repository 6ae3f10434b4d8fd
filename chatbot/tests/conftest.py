"""What the chatbot's tests share: a customer's client, and a quiet queue."""

from collections.abc import Iterator

import pytest
from django.test import AsyncClient, override_settings

from chatbot.conversations import queue
from chatbot.tests.customer import Customer


@pytest.fixture(autouse=True)
def _quiet_queue(monkeypatch: pytest.MonkeyPatch) -> None:
    """Announcements come half a second later, in a test that did not ask for them."""
    monkeypatch.setattr(queue, "_request_announcement", lambda: None)


@pytest.fixture(autouse=True, scope="package")
def _chatbot_urls() -> Iterator[None]:
    """Set once: Django takes all addresses apart anew after each change."""
    with override_settings(ROOT_URLCONF="config.urls_chatbot"):
        yield


@pytest.fixture
def customer(transactional_db: None) -> Customer:
    return Customer(AsyncClient())


@pytest.fixture
def stranger(transactional_db: None) -> Customer:
    return Customer(AsyncClient())
