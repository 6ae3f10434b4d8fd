"""The house stays one that can be read: small files and classes, few functions that are long, one global."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

REALTIME = Path(__file__).resolve().parent.parent
FILES = sorted(path for path in REALTIME.rglob("*.py") if "migrations" not in path.parts)
MAX_FILE_LINES = 350
MAX_CLASS_LINES = 150
MAX_FUNCTION_LINES = 35
MAX_FILES_IN_FRONT = 15


def nodes(*kinds: type[ast.AST]) -> Iterator[tuple[str, ast.AST]]:
    """The nodes of these kinds in the product's code, each with its file."""
    for path in FILES:
        if "tests" not in path.parts:
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, kinds):
                    yield str(path.relative_to(REALTIME)), node


def long(limit: int, *kinds: type[ast.AST]) -> list[str]:
    """What of these kinds has more lines."""
    found = []
    for file, node in nodes(*kinds):
        assert isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        assert node.end_lineno is not None
        if node.end_lineno - node.lineno >= limit:
            found.append(f"{file}: {node.name}")
    return found


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(REALTIME)))
def test_no_file_is_long(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= MAX_FILE_LINES


def test_no_class_is_long() -> None:
    assert long(MAX_CLASS_LINES, ast.ClassDef) == []


def test_no_function_is_long() -> None:
    assert long(MAX_FUNCTION_LINES, ast.FunctionDef, ast.AsyncFunctionDef) == []


def test_there_is_one_global() -> None:
    assert [file for file, _ in nodes(ast.Global)] == ["home.py"]


def test_few_files_lie_in_front() -> None:
    assert len(list(REALTIME.glob("*.py"))) <= MAX_FILES_IN_FRONT
