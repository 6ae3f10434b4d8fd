"""Leases: one process of all does a job; if it dies, another one does it later.

The database's clock says when one ends: when the statement began, which on PostgreSQL may be before another one did
whose change it already sees, since it waited for a lock or for a processor.
"""

import secrets
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from realtime.models import Lease

HOLDER = secrets.token_hex(8)  # this process
# By so much at most, more than the database lets anybody wait for a lock (config/env.py).
OVERLAP = timedelta(seconds=2)


def runs(field: str, duration: timedelta) -> Q:
    """Whether leases of this duration at most, which end at `field`, run; see has_run_out."""
    return Q(**{f"{field}__gt": Now(), f"{field}__lte": Now() + duration + OVERLAP})


def has_run_out(field: str, duration: timedelta) -> Q:
    """The opposite. One that ends later than any begun now was taken before the clock went back: it ran out, too."""
    return Q(**{f"{field}__lte": Now()}) | Q(**{f"{field}__gt": Now() + duration + OVERLAP})


def take(name: str, duration: timedelta) -> bool:
    """Take a lease that has run out; False while a process, also this one, holds it."""
    with transaction.atomic():
        Lease.objects.bulk_create([Lease(name=name, until=Now() - duration)], ignore_conflicts=True)
        free = Lease.objects.filter(has_run_out("until", duration), name=name)
        return free.update(holder=HOLDER, until=Now() + duration) == 1


def hold(name: str, duration: timedelta) -> bool:
    """As take, but a process that holds the lease renews it; False while another one holds it."""
    until = Now() + duration
    if Lease.objects.filter(runs("until", duration), name=name, holder=HOLDER).update(until=until):
        return True
    return take(name, duration)
