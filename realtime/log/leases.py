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
    with transaction.atomic():
        Lease.objects.bulk_create([Lease(name=name, until=Now() - duration)], ignore_conflicts=True)
        free = Lease.objects.filter(Q(until__lte=Now()) | Q(until__gt=Now() + duration), name=name)
        return free.update(holder=HOLDER, until=Now() + duration) == 1


def hold(name: str, duration: timedelta) -> bool:
    """As take, but a process that holds the lease renews it; False while another one holds it."""
    until = Now() + duration
    if Lease.objects.filter(name=name, holder=HOLDER, until__gt=Now(), until__lte=until).update(until=until):
        return True
    return take(name, duration)
