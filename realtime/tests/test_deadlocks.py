"""A transaction that the database undid for another one's sake is tried again, a few times."""

from unittest import mock

import pytest
from django.db import OperationalError, transaction
from psycopg.errors import DeadlockDetected, LockNotAvailable, SerializationFailure

from realtime import api, log
from realtime.database import DEADLOCK_PAUSE_SECONDS, MAX_ATTEMPTS, in_database, retry_on_deadlock
from realtime.groups import session


def database_error(cause: Exception) -> OperationalError:
    """An error as Django raises it: the driver's own is its cause."""
    error = OperationalError(str(cause))
    error.__cause__ = cause
    return error


@pytest.mark.parametrize("cause", [DeadlockDetected(), SerializationFailure()])
@pytest.mark.django_db(transaction=True)
def test_a_victim_is_tried_again(cause: Exception) -> None:
    job = mock.Mock(side_effect=[database_error(cause), "done"])
    assert retry_on_deadlock(job) == "done"


@pytest.mark.django_db(transaction=True)
def test_a_job_that_is_always_the_victim_fails() -> None:
    job = mock.Mock(side_effect=database_error(DeadlockDetected()))
    with pytest.raises(OperationalError):
        retry_on_deadlock(job)
    assert job.call_count == MAX_ATTEMPTS


@pytest.mark.django_db(transaction=True)
def test_a_victim_lets_the_other_one_go_first() -> None:
    job = mock.Mock(side_effect=[database_error(DeadlockDetected()), database_error(DeadlockDetected()), "done"])
    with mock.patch("realtime.database.time.sleep") as pause:
        retry_on_deadlock(job)
    first, second = (call.args[0] for call in pause.call_args_list)
    assert DEADLOCK_PAUSE_SECONDS <= first < 5 * DEADLOCK_PAUSE_SECONDS < second
    assert second != 10 * first  # two victims would come back at the same moment


@pytest.mark.django_db(transaction=True)
def test_another_error_is_not_tried_again() -> None:
    job = mock.Mock(side_effect=database_error(LockNotAvailable()))
    with pytest.raises(OperationalError):
        retry_on_deadlock(job)
    assert job.call_count == 1


@pytest.mark.django_db(transaction=True)
def test_inside_a_transaction_only_its_owner_can_begin_anew() -> None:
    job = mock.Mock(side_effect=database_error(DeadlockDetected()))
    with transaction.atomic(), pytest.raises(OperationalError):
        retry_on_deadlock(job)
    assert job.call_count == 1


@pytest.mark.django_db(transaction=True)
async def test_a_database_job_is_tried_again() -> None:
    job = mock.Mock(side_effect=[database_error(DeadlockDetected()), "done"])
    assert await in_database(job) == "done"


@pytest.mark.django_db(transaction=True)
def test_an_event_that_lost_a_deadlock_is_sent_once() -> None:
    lose_first = [database_error(DeadlockDetected()), mock.DEFAULT]
    with mock.patch("realtime.api.log.append", side_effect=lose_first, wraps=log.append):
        assert api.send_to_session("s-1", "tick", {}) == 1
    assert log.heads([session("s-1")])[session("s-1")].last == 1
