"""The house stays one that can be read: small files and classes, few files in front, hardly a global."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PRODUCT = ("realtime", "chatbot", "workbench", "config")
MAX_PYTHON_LINES = 350
MAX_SCRIPT_LINES = 400
MAX_CLASS_LINES = 150
MAX_FUNCTION_LINES = 35  # in realtime
MAX_GLOBALS = 2
MAX_FILES_IN_FRONT = {"realtime": 15, "chatbot": 10, "workbench": 10}
# Generated, vendored or installed.
NOT_WRITTEN = {"migrations", "vendor", "node_modules"}


def written(pattern: str, *folders: str) -> Iterator[Path]:
    """The files that somebody writes, of the whole tree or of these folders; without hidden ones (.venv)."""
    for folder in folders or sorted(path.name for path in ROOT.iterdir() if path.is_dir()):
        for path in sorted((ROOT / folder).rglob(pattern)):
            parts = path.relative_to(ROOT).parts
            if not folder.startswith(".") and not NOT_WRITTEN & set(parts):
                yield path.relative_to(ROOT)


def lines_of(path: Path) -> int:
    return len((ROOT / path).read_text().splitlines())


def nodes(kinds: tuple[type[ast.AST], ...], *folders: str) -> Iterator[tuple[Path, ast.AST]]:
    """The nodes of these kinds, each with its file."""
    for path in written("*.py", *folders):
        for node in ast.walk(ast.parse((ROOT / path).read_text())):
            if isinstance(node, kinds):
                yield path, node


def longer(limit: int, kinds: tuple[type[ast.AST], ...], *folders: str) -> dict[str, int]:
    """What of these kinds has more lines."""
    found = {}
    for path, node in nodes(kinds, *folders):
        assert isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        assert node.end_lineno is not None
        found[f"{path}: {node.name}"] = node.end_lineno - node.lineno + 1
    assert found
    return {name: lines for name, lines in found.items() if lines > limit}


@pytest.mark.parametrize(("pattern", "limit"), [("*.py", MAX_PYTHON_LINES), ("*.js", MAX_SCRIPT_LINES)])
def test_no_file_is_long(pattern: str, limit: int) -> None:
    lengths = {str(path): lines_of(path) for path in written(pattern)}
    assert len(lengths) > 5
    assert {path: lines for path, lines in lengths.items() if lines > limit} == {}


def test_no_class_is_long() -> None:
    assert longer(MAX_CLASS_LINES, (ast.ClassDef,)) == {}


def test_no_function_of_realtime_is_long() -> None:
    found = longer(MAX_FUNCTION_LINES, (ast.FunctionDef, ast.AsyncFunctionDef), "realtime")
    assert {name for name in found if not name.startswith("realtime/tests/")} == set()


def test_hardly_a_global() -> None:
    assert len(list(nodes((ast.Global,), *PRODUCT, "harness"))) <= MAX_GLOBALS


@pytest.mark.parametrize(("folder", "limit"), MAX_FILES_IN_FRONT.items())
def test_few_files_lie_in_front(folder: str, limit: int) -> None:
    assert len(list((ROOT / folder).glob("*.py"))) <= limit
