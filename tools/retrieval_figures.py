"""`python -m tools.retrieval_figures [FOLDER]`: the figures of docs/bot.md, by the product's own commands.

Each `NAME.kb.jsonl` of the folder is imported into a database of its own and asked its `NAME.test.jsonl`. With --large,
20,000 ways of asking are made of them, once of as many entries, once of 2,000, and the times are measured. With --two,
a second encoder is beside the first.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from argparse import ArgumentParser
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product as pairs_of
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
QUESTIONS = ROOT / "chatbot/tests/questions"
LARGE = 20_000
ASKED = 500
COLORS = (
    "red old broken second annual monthly lost wrong damaged urgent german french business private used cheap small"
)
THINGS = (
    "order invoice parcel ticket account card phone laptop subscription router camera printer contract policy flight "
    "hotel booking coupon watch bike engine battery screen cable sofa lamp garden window filter pump"
)


@dataclass(frozen=True)
class Product:
    """The commands over a database in a folder."""

    folder: Path
    encoders: str

    def run(self, *arguments: str | Path) -> str:
        database = f"sqlite:///{self.folder}/db.sqlite3"
        environment = {**os.environ, "DATABASE_URL": database, "BOT_ENCODER": self.encoders}
        command = [sys.executable, "manage.py", *map(str, arguments)]
        done = subprocess.run(command, cwd=ROOT, env=environment, check=True, stdout=subprocess.PIPE, text=True)
        return done.stdout

    def figures(self, entries: Path, questions: Path) -> dict[str, float | None]:
        """What bot_eval says, and how long the import with its fit and a fit with known vectors took."""
        self.run("migrate", "--verbosity=0")
        began = time.monotonic()
        self.run("import_knowledge", entries)
        imported = time.monotonic() - began
        said: dict[str, float | None] = json.loads(self.run("bot_eval", questions, "--json"))
        self.run("import_knowledge", entries)
        return {**said, "import_s": imported, "again_s": time.monotonic() - began - imported}


def sets(folder: Path) -> Iterator[tuple[str, Path, Path]]:
    for entries in sorted(folder.glob("*.kb.jsonl")):
        name = entries.name.removesuffix(".kb.jsonl")
        yield name, entries, folder / f"{name}.test.jsonl"


def make_large(folder: Path, into: Path, examples: int) -> tuple[str, Path, Path]:
    """Entries with so many examples each, LARGE texts in all, and questions that are some of them in other words."""
    known = [json.loads(line) for name, file, _ in sets(folder) for line in file.read_text().splitlines()]
    texts = [[row["question"], *row["alternatives"]] for row in known if row["language"] == "en"]
    about = [f"{color} {thing}" for color, thing in pairs_of(COLORS.split(), THINGS.split())]
    name = f"{LARGE // examples} x {examples}"
    entries, questions = into / f"{examples}.kb.jsonl", into / f"{examples}.test.jsonl"
    with entries.open("w") as file, questions.open("w") as asked:
        for number in range(LARGE // examples):
            said, topic = texts[number % len(texts)], f"{about[number % len(about)]} {number}"
            own = [f"{said[i % len(said)]}, {topic}" for i in range(examples)]
            row = {"id": f"e{number}", "language": "en", "question": own[0], "alternatives": own[1:], "answer": "-"}
            file.write(json.dumps(row) + "\n")
            if number < ASKED:
                asked.write(json.dumps({"text": f"{said[-1]} for the {topic}", "id": f"e{number}"}) + "\n")
    return name, entries, questions


def main() -> None:
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=QUESTIONS)
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--two", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        wanted = list(sets(options.folder))
        if options.large:
            wanted = [make_large(options.folder, Path(place), examples) for examples in (1, 10)]
        for name, entries, questions in wanted:
            with tempfile.TemporaryDirectory() as database:
                product = Product(Path(database), "two" if options.two else "on")
                print(name, product.figures(entries, questions), flush=True)


if __name__ == "__main__":
    main()
