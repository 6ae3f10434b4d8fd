"""What a test leaves behind is gone before the next one, as after Django's own flush (harness/emptying.py)."""

from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction

from chatbot.models import Team
from chatbot.tests.people import make_agent, make_team
from harness.emptying import empty

pytestmark = pytest.mark.django_db(transaction=True)


def rows_of_all_tables() -> dict[str, list[tuple[Any, ...]]]:
    """Without ids, which go on, and the times of what was just made."""
    rows = {}
    for table in sorted(connection.introspection.django_table_names(only_existing=True, include_views=False)):
        with connection.cursor() as cursor:
            columns = [column.name for column in connection.introspection.get_table_description(cursor, table)]
            kept = ", ".join(connection.ops.quote_name(name) for name in columns if not name.endswith(("id", "_at")))
            cursor.execute(f"SELECT {kept or 'count(*)'} FROM {connection.ops.quote_name(table)}")
            rows[table] = sorted(cursor.fetchall(), key=str)
    return rows


def write_something() -> None:
    with transaction.atomic():
        make_team("Billing", "alice", "bob")
        make_agent("carol").groups.create(name="strangers")
        Team.objects.filter(is_default=True).update(name="Renamed")


def test_it_leaves_what_django_leaves() -> None:
    write_something()
    call_command("flush", verbosity=0, interactive=False)
    after_django = rows_of_all_tables()
    write_something()
    assert rows_of_all_tables() != after_django
    empty("default")
    assert rows_of_all_tables() == after_django
    assert after_django["auth_permission"]
    assert after_django["chatbot_team"]
