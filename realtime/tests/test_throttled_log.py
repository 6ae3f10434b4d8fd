"""What happens with every request is said once a minute."""

import logging

import pytest
from django.db import OperationalError
from django.http import HttpResponse
from django.utils.log import log_response

from realtime.database import log_fault
from realtime.throttled_log import ThrottledLog

logger = logging.getLogger(__name__)


def test_one_entry_of_many(caplog: pytest.LogCaptureFixture) -> None:
    log = ThrottledLog()
    for number in range(100):
        log.warning(logger, "dropped number=%s", number)
    assert caplog.messages == ["dropped number=0"]


def test_the_next_minute_says_how_many_were_left_out(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = 1_000.0
    monkeypatch.setattr("realtime.throttled_log.time.monotonic", lambda: now)
    log = ThrottledLog()
    for number in range(100):
        log.warning(logger, "dropped number=%s", number)
    now += 60
    log.warning(logger, "dropped number=%s", 100)
    assert caplog.messages == ["dropped number=0", "dropped number=100 (and 99 more like it before)"]


@pytest.mark.usefixtures("fresh_minute")
def test_a_page_that_the_database_failed_is_told_of_with_the_rest(caplog: pytest.LogCaptureFixture) -> None:
    """Django's log of failed requests has a traceback for each."""
    requests = logging.getLogger("django.request")
    for path in ("/login/", "/admin/"):
        try:
            raise OperationalError("the connection is closed")
        except OperationalError:
            requests.exception("Internal Server Error: %s", path)
    assert caplog.messages == ["Internal Server Error: /login/: OperationalError: the connection is closed"]


def test_a_refusal_is_not_told_of_again(caplog: pytest.LogCaptureFixture) -> None:
    log_response("Service Unavailable: %s", "/readyz", response=HttpResponse(status=503))
    log_response("Bad Gateway: %s", "/", response=HttpResponse(status=502))
    assert caplog.messages == ["Bad Gateway: /"]


@pytest.mark.usefixtures("fresh_minute")
def test_a_fault_of_ours_keeps_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    for _ in range(2):
        try:
            raise ZeroDivisionError
        except ZeroDivisionError:
            logging.getLogger("django.request").exception("Internal Server Error: /")
    assert [record.exc_info is not None for record in caplog.records] == [True, True]


@pytest.mark.usefixtures("fresh_minute")
def test_a_database_that_fails_is_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    error = ConnectionError("server closed the connection\nDETAIL: of the second line")
    log_fault(logger, error, "database unavailable path=%s", "/api/sessions")
    log_fault(logging.getLogger("other"), error, "the log cannot be read")
    assert caplog.messages == ["database unavailable path=/api/sessions: ConnectionError: server closed the connection"]
    assert caplog.records[0].exc_info is None
