"""Leases: one process of all does a job; if it dies, another one does it later."""

import secrets
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from realtime.models import Lease

HOLDER = secrets.token_hex(8)  # this process


def take(name: str, duration: timedelta) -> bool:
    """Take a lease that has run out, by the database's clock; False while a process, also this one, holds it.

    One that ends later than any begun now was taken before the clock went back, and counts as run out.
    """
    return _take(name, duration, Q())


def hold(name: str, duration: timedelta) -> bool:
    """As take, but a process that holds the lease renews it; False while another one holds it."""
    return _take(name, duration, Q(holder=HOLDER))


def _take(name: str, duration: timedelta, also: Q) -> bool:
    with transaction.atomic():
        Lease.objects.bulk_create([Lease(name=name, until=Now() - duration)], ignore_conflicts=True)
        free = Lease.objects.filter(Q(until__lte=Now()) | Q(until__gt=Now() + duration) | also, name=name)
        return free.update(holder=HOLDER, until=Now() + duration) == 1
