"""Leases: what many processes could do is done by one of them, and by another later if that one dies."""

import secrets
from datetime import timedelta

from django.db import transaction
from django.db.models.functions import Now

from realtime.models import Lease

HOLDER = secrets.token_hex(8)  # this process


def take(name: str, duration: timedelta) -> bool:
    """Take a lease that has run out, by the database's clock; False while somebody, this process too, holds it."""
    with transaction.atomic():
        Lease.objects.bulk_create([Lease(name=name, until=Now() - duration)], ignore_conflicts=True)
        return Lease.objects.filter(name=name, until__lte=Now()).update(holder=HOLDER, until=Now() + duration) == 1
