"""What of other people's the pages are served is what was vendored, and it is what package-lock.json names."""

import hashlib
import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENDOR = ROOT / "browser/vendor"
VENDORED = json.loads((VENDOR / "vendor.json").read_text())
LOCKED = json.loads((ROOT / "package-lock.json").read_text())["packages"]


def test_every_vendored_file_is_what_was_written() -> None:
    served = {*VENDOR.glob("*.js"), *VENDOR.glob("*.json")} - {VENDOR / "vendor.json"}
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in served}
    assert found == {name: entry["sha256"] for name, entry in VENDORED.items()}


def test_every_vendored_package_is_the_locked_one() -> None:
    for entry in VENDORED.values():
        # data are not bundled
        assert entry.get("esbuild") in (LOCKED["node_modules/esbuild"]["version"], None), "run make vendor"
        for name, package in entry["packages"].items():
            locked = LOCKED[f"node_modules/{name}"]
            assert package == {"version": locked["version"], "integrity": locked["integrity"]}, "run make vendor"


def test_every_vendored_package_has_its_licence() -> None:
    licences = (VENDOR / "LICENSES.md").read_text()
    headings = set(re.findall(r"^## (\S+) (\S+)$", licences, re.MULTILINE))
    packages = {name: package for entry in VENDORED.values() for name, package in entry["packages"].items()}
    assert headings == {(name, package["version"]) for name, package in packages.items()}


def test_every_node_package_is_locked_by_its_hash() -> None:
    """`npm ci` takes it from whatever registry a machine has, so the file names none."""
    packages = {name: entry for name, entry in LOCKED.items() if name}
    assert packages
    assert {name for name, entry in packages.items() if "resolved" in entry or "integrity" not in entry} == set()
    wanted = json.loads((ROOT / "package.json").read_text())["devDependencies"]
    assert {name: LOCKED[f"node_modules/{name}"]["version"] for name in wanted} == wanted
