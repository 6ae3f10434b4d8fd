from datetime import timedelta

import pytest
from django.db.models.functions import Now

from realtime.log import leases
from realtime.models import Lease

pytestmark = pytest.mark.django_db

MINUTE = timedelta(minutes=1)


def test_free_lease_is_taken() -> None:
    assert leases.take("prune", MINUTE)


def test_lease_is_refused_while_it_lasts() -> None:
    assert leases.take("prune", MINUTE)
    assert not leases.take("prune", MINUTE)


def test_lease_that_ran_out_is_taken_again() -> None:
    assert leases.take("prune", MINUTE)
    Lease.objects.update(until=Now() - MINUTE)
    assert leases.take("prune", MINUTE)


def test_lease_from_before_the_clock_went_back_is_taken() -> None:
    assert leases.take("prune", MINUTE)
    Lease.objects.update(until=Now() + 60 * MINUTE)
    assert leases.take("prune", MINUTE)


def test_lease_of_a_statement_that_began_later_is_respected() -> None:
    """Two take it at once: who waited for the other's lock has an earlier moment for now."""
    assert leases.take("prune", MINUTE)
    Lease.objects.update(until=Now() + MINUTE + timedelta(seconds=1))
    assert not leases.take("prune", MINUTE)
    assert leases.hold("prune", MINUTE)


def test_leases_of_other_names_are_apart() -> None:
    assert leases.take("prune", MINUTE)
    assert leases.take("report", MINUTE)
