"""Querysets that are turned into SQL once for each database thread.

Django takes 0.3 ms to turn a simple one into SQL, and 5 for one that counts under conditions: several times what the
database then takes to answer it. Only for what every message asks, every change of status, and every round of
assignment; elsewhere a plain queryset says more.

Without it a whole POST takes 1.6 times the processor time, as measured on a trial of plain querysets. Private of
Django: a compiler's `klass_info`, `annotation_col_map`, `select`, `col_count`, `get_converters` and `apply_converters`;
`get_related_populators`.
"""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import F, Lookup, Model, QuerySet
from django.db.models.query import get_related_populators

from realtime.database import among

M = TypeVar("M", bound=Model)
R = TypeVar("R")
T = TypeVar("T", bound=str | int | list[int] | None)

Ids = str | list[int]  # any number of ids as one parameter, as the database wants it
SOME_IDS: Ids = "<ids>"  # the sample of such a parameter


@dataclass(frozen=True, slots=True)
class _Statement:
    """What Django made of a queryset, for the connection that its compiler belongs to.

    `make` turns a row, with the values that Django makes of those of the database, into what a caller gets.
    """

    compiler: Any
    sql: str
    parameters: tuple[Any, ...]
    converters: Any
    make: Callable[[list[Any]], Any]


class _Prepared(Generic[R, T]):
    """A queryset with one open parameter, which `sample` stands for while it is compiled; without one if it is None."""

    def __init__(self, make_queryset: Callable[[T], QuerySet[Any, Any]], sample: T) -> None:
        self._make_queryset: Callable[[T], QuerySet[Any, Any]] = make_queryset
        self._sample: T = sample
        self._local = threading.local()

    def all(self, value: T) -> list[R]:
        """The rows for this value of the parameter."""
        statement = self._statement()
        with statement.compiler.connection.cursor() as cursor:
            cursor.execute(statement.sql, [value if each == self._sample else each for each in statement.parameters])
            fetched = cursor.fetchall()
        return [statement.make(row) for row in statement.compiler.apply_converters(fetched, statement.converters)]

    def first(self, value: T) -> R | None:
        """The first row for this value of the parameter, None if there is none; of a queryset of few."""
        return next(iter(self.all(value)), None)

    def _statement(self) -> _Statement:
        statement: _Statement | None = getattr(self._local, "statement", None)
        if statement is None or statement.compiler.connection is not connections[DEFAULT_DB_ALIAS]:
            statement = self._local.statement = self._compile()
        return statement

    def _compile(self) -> _Statement:
        compiler: Any = self._make_queryset(self._sample).query.get_compiler(DEFAULT_DB_ALIAS)
        sql, parameters = compiler.as_sql()
        if self._sample is not None and parameters.count(self._sample) != 1:
            raise ValueError(f"the sample {self._sample!r} must stand for one parameter of {sql}")
        columns = [column for column, _, _ in compiler.select[: compiler.col_count]]
        return _Statement(compiler, sql, parameters, compiler.get_converters(columns), self._maker(compiler))

    def _maker(self, compiler: Any) -> Callable[[list[Any]], R]:
        raise NotImplementedError


class PreparedRows(_Prepared[tuple[Any, ...], T]):
    """A queryset of values_list, whose annotations come after its fields."""

    def _maker(self, compiler: Any) -> Callable[[list[Any]], tuple[Any, ...]]:
        return tuple


class PreparedQuery(_Prepared[M, T]):
    """A queryset of model instances. Takes select_related, defer, annotate and select_for_update as the ORM does."""

    def __init__(self, make_queryset: Callable[[T], QuerySet[M]], sample: T) -> None:
        super().__init__(make_queryset, sample)

    def _maker(self, compiler: Any) -> Callable[[list[Any]], M]:
        """As django.db.models.query.ModelIterable makes them."""
        model, positions = compiler.klass_info["model"], compiler.klass_info["select_fields"]
        fields = slice(positions[0], positions[-1] + 1)
        names = [column.target.attname for column, _, _ in compiler.select[fields]]
        related: Any = get_related_populators(compiler.klass_info, compiler.select, DEFAULT_DB_ALIAS)  # type: ignore[call-arg]
        annotations = list((compiler.annotation_col_map or {}).items())

        def make(row: list[Any]) -> M:
            instance: M = model.from_db(DEFAULT_DB_ALIAS, names, row[fields])
            for populator in related:
                populator.populate(row, instance)
            for name, position in annotations:
                setattr(instance, name, row[position])
            return instance

        return make


def ids(values: Iterable[int]) -> Ids:
    """The value of a parameter that SOME_IDS stands for."""
    parameter: Ids = among(values)[1]
    return parameter


def is_among(column: str, parameter: Ids) -> "_IsAmong":
    """The condition that a column is one of these `ids`; one parameter, where the ORM's IN has one for each."""
    return _IsAmong(F(column), parameter)


class _IsAmong(Lookup):
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        column, parameters = self.process_lhs(compiler, connection)
        condition, _ = among(())
        return f"{column} {condition}", (*parameters, self.rhs)
