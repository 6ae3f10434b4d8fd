"""What the documents say of the tree is so: every file stands in docs/architecture.md, every path and link leads on."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PRODUCT = ("realtime", "chatbot", "workbench", "config")
DOCUMENTS = sorted(
    path.relative_to(ROOT) for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), ROOT / "realtime/README.md")
)
ARCHITECTURE = (ROOT / "docs/architecture.md").read_text()
MAX_FILES_OF_A_WALK = 20
# What a run makes, and what belongs to other programs.
NOT_OURS = {"db.sqlite3", "var/", "bench/results/", "handover-chatbot@8000.service", "postgresql.conf", "swagger.html"}
ENDINGS = r"py|js|css|md|html|toml|yaml|yml|txt|conf|inc|service|socket|target|example|png|svg|po|csv|sqlite3"
CODE = {".py", ".js", ".css", ".html", ".toml", ".yaml", ".yml", ".conf", ".inc", ".example"}
PATH = re.compile(rf"(?:[\w.@-]+/)*(?:[\w.@-]+\.(?:{ENDINGS})|(?<=/))")


def tracked_files() -> list[str]:
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout.split("\n")
    return [name for name in names if name and (ROOT / name).is_file()]


FILES = tracked_files()


def exists(path: str) -> bool:
    """Whether a file or folder is called so, from the root or from a folder that the document speaks of."""
    if path.endswith("/"):
        return any(f"/{path}" in f"/{file}" for file in FILES)
    return any(f"/{file}".endswith(f"/{path}") for file in FILES)


def product_files() -> set[str]:
    """The modules of the product; an `__init__.py` is its folder."""
    return {
        file
        for file in FILES
        if file.endswith(".py")
        and file.startswith(tuple(f"{folder}/" for folder in PRODUCT))
        and not {"tests", "migrations", "__init__.py"} & set(file.split("/"))
    }


def rooms() -> set[str]:
    """The files that the tables of rooms name: `folder/` in the first cell, `file.py` in the second."""
    rows = re.findall(r"^\| `([\w/]+/)` \| (.+) \|$", ARCHITECTURE, re.MULTILINE)
    return {folder + name for folder, text in rows for name in re.findall(r"`([a-z_]+\.py)`", text)}


def walk() -> list[tuple[int, str, str]]:
    """(number, file, function) of each line of the walk of an event."""
    rows = re.findall(r"^\| (\d+) \| `([\w/]+\.py)` \| `([\w.]+)` \|", ARCHITECTURE, re.MULTILINE)
    return [(int(number), file, function) for number, file, function in rows]


def test_every_file_stands_in_its_room() -> None:
    assert product_files() - rooms() == set()


def test_no_room_has_a_file_that_is_gone() -> None:
    assert rooms() - product_files() == set()


def test_the_walk_of_an_event_is_short() -> None:
    files = list(dict.fromkeys(file for _, file, _ in walk()))
    assert 10 < len(files) <= MAX_FILES_OF_A_WALK
    assert {file: number for number, file, _ in walk()} == {file: number for number, file in enumerate(files, 1)}


@pytest.mark.parametrize(("file", "function"), [(file, function) for _, file, function in walk()])
def test_each_step_of_the_walk_is_there(file: str, function: str) -> None:
    nodes: list[ast.stmt] = ast.parse((ROOT / file).read_text()).body
    for name in function.split("."):
        [node] = [
            each
            for each in nodes
            if isinstance(each, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and each.name == name
        ]
        nodes = node.body


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_every_path_exists(document: Path) -> None:
    named = re.findall(r"`([^`\n]+)`", (ROOT / document).read_text())
    paths = {each for each in named if PATH.fullmatch(each)}
    assert {path for path in paths - NOT_OURS if not exists(path)} == set()


def test_every_path_in_comments_exists() -> None:
    folders = "|".join(sorted({file.partition("/")[0] for file in FILES if "/" in file and file[0] != "."}))
    pattern = re.compile(rf"(?<![\w/.-])((?:{folders})/[\w/.-]+\.(?:py|md|js|css|html|conf|inc|yaml))\b")
    named = {path: pattern.findall((ROOT / path).read_text()) for path in FILES if Path(path).suffix in CODE}
    dead = {file: [path for path in paths if not exists(path)] for file, paths in named.items()}
    assert {file: paths for file, paths in dead.items() if paths} == {}


@pytest.mark.parametrize("document", DOCUMENTS, ids=str)
def test_every_link_leads_somewhere(document: Path) -> None:
    links = re.findall(r"\]\(([^)\s]+)\)|src=\"([^\"]+)\"", (ROOT / document).read_text())
    targets = [link or source for link, source in links]
    dead = set()
    for target in targets:
        if re.match(r"https?:", target):
            continue
        path, _, anchor = target.partition("#")
        file = (ROOT / document).parent / path if path else ROOT / document
        if not file.exists() or (anchor and anchor not in anchors(file)):
            dead.add(target)
    assert dead == set()


def anchors(file: Path) -> set[str]:
    """The anchors of a document's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", file.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
