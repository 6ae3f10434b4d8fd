"""The database of a test process is emptied after a test that wrote for good, in a tenth of Django's time.

Django's `flush` makes the types of content and the permissions anew from all models: 45 ms of processor time, more than
most tests take. On PostgreSQL it takes another 0.3 s for TRUNCATE, which is made for large tables.
"""

import functools
from collections.abc import Sequence
from typing import Any

import pytest
from django.contrib.auth.management import create_permissions
from django.contrib.contenttypes.management import create_contenttypes
from django.core.management.sql import emit_post_migrate_signal
from django.db import connections, transaction
from django.db.models.signals import post_migrate
from django.test import TransactionTestCase

UNCHANGING = {"django_content_type", "auth_permission"}  # no test writes there


def empty_quickly(patch: pytest.MonkeyPatch) -> None:
    """From now on, until the patch is taken back."""

    def empty_databases(case: Any) -> None:
        for alias in case._databases_names(include_mirrors=False):
            empty(alias)

    patch.setattr(TransactionTestCase, "_fixture_teardown", empty_databases)


def empty(alias: str) -> None:
    """Leave what Django's `flush` leaves: no row but those that are made after each migration."""
    quote, tables = connections[alias].ops.quote_name, emptied_tables(alias)
    with transaction.atomic(using=alias), connections[alias].cursor() as cursor:
        holding = (f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {quote(name)})" for name in tables)
        cursor.execute(" UNION ALL ".join(holding))
        for (name,) in cursor.fetchall():
            cursor.execute(f"DELETE FROM {quote(name)}")
    emit_without_unchanging(alias)


@functools.cache
def emptied_tables(alias: str) -> Sequence[str]:
    names = connections[alias].introspection.django_table_names(only_existing=True, include_views=False)
    return sorted(set(names) - UNCHANGING)


def emit_without_unchanging(alias: str) -> None:
    """Let the applications make what they need in any database, after a migration or a flush."""
    left_out: dict[Any, str | None] = {
        create_permissions: "django.contrib.auth.management.create_permissions",
        create_contenttypes: None,
    }
    for receiver, uid in left_out.items():
        assert post_migrate.disconnect(receiver, dispatch_uid=uid)
    try:
        emit_post_migrate_signal(verbosity=0, interactive=False, db=alias)
    finally:
        for receiver, uid in left_out.items():
            post_migrate.connect(receiver, dispatch_uid=uid)
