"""Programs that are needed beside Python's packages, and the packages of Debian that have them.

Nothing is installed from here: that is the Makefile's (`make packages`), which knows the same names.
"""

import glob
import os
import shutil

PACKAGES = {
    "chromium": "chromium",
    "curl": "curl",
    "initdb": "postgresql",
    "nginx": "nginx-light",
    "npm": "npm",
    "openssl": "openssl",
    "redis-cli": "redis-tools",
    "setpriv": "util-linux",
}

# Either serves as a browser. The shell draws no windows: a page that is opened takes a quarter of the processor time.
BROWSERS = ("chromium-headless-shell", "chromium")


def find_program(name: str) -> str | None:
    """Where a program is; Debian keeps those of PostgreSQL and nginx out of an ordinary PATH."""
    folders = [os.environ.get("PATH", ""), "/usr/sbin", *sorted(glob.glob("/usr/lib/postgresql/*/bin"), reverse=True)]
    return shutil.which(name, path=os.pathsep.join(folders))


def find_browser() -> str | None:
    """Where the browser of tests and benchmarks is."""
    return next(filter(None, map(find_program, BROWSERS)), None)


def explain_missing(*programs: str) -> str:
    """Which of these programs are missing and how to get them; nothing if all are there."""
    missing = sorted({PACKAGES[name] for name in programs if not _is_there(name)})
    return f"missing packages: {' '.join(missing)}; as root: make packages" if missing else ""


def _is_there(name: str) -> bool:
    return (find_browser() if name in BROWSERS else find_program(name)) is not None
