"""Querysets that are turned into SQL once for each database thread.

Django takes 0.3 ms to turn one into SQL, several times what the database then takes to answer it. Only for what every
message asks; elsewhere a plain queryset says more.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Model, QuerySet
from django.db.models.query import get_related_populators

M = TypeVar("M", bound=Model)
T = TypeVar("T", str, int)


@dataclass(frozen=True, slots=True)
class _Statement:
    """What Django made of a queryset, for the connection that its compiler belongs to."""

    compiler: Any
    sql: str
    parameters: tuple[Any, ...]
    converters: Any
    fields: slice
    field_names: list[str]
    related: list[Any]


class PreparedQuery(Generic[M, T]):
    """A queryset of model instances with one open parameter, which `sample` stands for while it is compiled.

    Takes select_related, defer, annotate and select_for_update as the ORM does.
    """

    def __init__(self, make_queryset: Callable[[T], QuerySet[M]], sample: T) -> None:
        self._make_queryset: Callable[[T], QuerySet[M]] = make_queryset
        self._sample: T = sample
        self._local = threading.local()

    def first(self, value: T) -> M | None:
        """The first row for this value of the parameter, None if there is none."""
        statement = self._statement()
        with statement.compiler.connection.cursor() as cursor:
            cursor.execute(statement.sql, [value if each == self._sample else each for each in statement.parameters])
            row = cursor.fetchone()
        return None if row is None else self._instance(statement, row)

    def _statement(self) -> _Statement:
        statement: _Statement | None = getattr(self._local, "statement", None)
        if statement is None or statement.compiler.connection is not connections[DEFAULT_DB_ALIAS]:
            statement = self._local.statement = self._compile()
        return statement

    def _compile(self) -> _Statement:
        compiler: Any = self._make_queryset(self._sample).query.get_compiler(DEFAULT_DB_ALIAS)
        sql, parameters = compiler.as_sql()
        if parameters.count(self._sample) != 1:
            raise ValueError(f"the sample {self._sample!r} must stand for one parameter of {sql}")
        select = compiler.select
        positions = compiler.klass_info["select_fields"]
        fields = slice(positions[0], positions[-1] + 1)
        return _Statement(
            compiler=compiler,
            sql=sql,
            parameters=parameters,
            converters=compiler.get_converters([column for column, _, _ in select[: compiler.col_count]]),
            fields=fields,
            field_names=[column.target.attname for column, _, _ in select[fields]],
            related=get_related_populators(compiler.klass_info, select, DEFAULT_DB_ALIAS),  # type: ignore[call-arg]
        )

    def _instance(self, statement: _Statement, fetched: Any) -> M:
        """As django.db.models.query.ModelIterable makes it."""
        compiler = statement.compiler
        [row] = compiler.apply_converters([fetched], statement.converters)
        instance: M = compiler.klass_info["model"].from_db(
            DEFAULT_DB_ALIAS, statement.field_names, row[statement.fields]
        )
        for populator in statement.related:
            populator.populate(row, instance)
        for name, position in (compiler.annotation_col_map or {}).items():
            setattr(instance, name, row[position])
        return instance
