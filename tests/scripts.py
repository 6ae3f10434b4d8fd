"""The pages' scripts as files: what there is, and what imports what."""

import re
from pathlib import Path

from harness.programs import ROOT

# Under /static/ these folders stand beside each other.
SERVED = {"browser": ROOT / "browser"} | {
    name: ROOT / name / "static" / name for name in ("realtime", "chatbot", "workbench")
}
IMPORT = re.compile(r"""^(?:import|export)\b[^"';]*?["'](\.[^"']+)["'];""", re.MULTILINE)

LAZY_IMPORT = re.compile(r"""await import\(["'](\.[^"']+)["']\)""")


def scripts() -> list[str]:
    """Every script as the server names it: `browser/net/http.js`."""
    return sorted(
        f"{name}/{path.relative_to(folder).as_posix()}"
        for name, folder in SERVED.items()
        for path in folder.rglob("*.js")
    )


def imports_of(script: str, pattern: re.Pattern[str] = IMPORT) -> set[str]:
    """The scripts that this one imports itself: when it is loaded, or with LAZY_IMPORT when they are wanted."""
    name, _, path = script.partition("/")
    text = (SERVED[name] / path).read_text()
    found = [Path("/") / Path(script).parent / each for each in pattern.findall(text)]
    return {str(path.resolve().relative_to("/")) for path in found}


def loaded_with(script: str) -> set[str]:
    """All that a browser loads for this one, itself included."""
    found: set[str] = set()
    wanted = {script}
    while wanted:
        found |= wanted
        wanted = {other for each in wanted for other in imports_of(each)} - found
    return found
