"""What deploy/Dockerfile puts into an image is enough to run both services, and they write to `var` alone."""

import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from harness.ports import take_port
from harness.programs import ROOT, START_SECONDS, Program, wait_until
from harness.services import DEMO_PASSWORD
from harness.trust import trust

DOCKERFILE = (ROOT / "deploy/Dockerfile").read_text()
OTHER_ADDRESS = "127.0.0.2"  # nobody listens there who listens on 127.0.0.1
GIVEN = ("DATABASE_URL", "REDIS_URL", "SECRET_KEY", "DJANGO_SETTINGS_MODULE")


class Container(Program):
    """A folder with what the image has, and `dev --host 0.0.0.0` running there, with the image's environment."""

    def __init__(self, folder: Path) -> None:
        self.image = folder / "image"
        self.ports = {"chatbot": take_port(), "workbench": take_port()}
        for source, target in re.findall(r"^COPY (\S+) (\S+)$", DOCKERFILE, re.MULTILINE):
            copy(ROOT / source, self.image / target)
        (self.image / "var").mkdir()
        [settings] = re.findall(r"^ENV (.+)$", DOCKERFILE, re.MULTILINE)
        environment = {name: value for name, value in os.environ.items() if name not in GIVEN}
        environment |= dict(each.split("=", 1) for each in settings.replace("/opt/handover", str(self.image)).split())
        environment |= {f"{name.upper()}_PORT": str(port) for name, port in self.ports.items()}
        environment["DEMO_PASSWORD"] = DEMO_PASSWORD
        command = [sys.executable, str(self.image / "manage.py"), "dev", "--host", "0.0.0.0"]
        super().__init__("dev", command, folder / "dev.log", environment)

    def start(self) -> None:
        self.launch()
        wait_until("both are ready", lambda: "ready " in self.output() or not self.is_alive(), START_SECONDS)
        assert self.is_alive(), self.tail()

    def files(self) -> set[Path]:
        """What is there outside of `var`."""
        every = (path.relative_to(self.image) for path in self.image.rglob("*"))
        return {path for path in every if path.parts[0] != "var"}


def copy(source: Path, target: Path) -> None:
    """As COPY: a folder's content, or a file into a folder. What is compiled comes along: the image compiles it."""
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("tests"))
    else:
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, target)


@pytest.fixture(scope="module")
def container(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Container]:
    container = Container(tmp_path_factory.mktemp("container"))
    before = container.files()
    try:
        container.start()
        yield container
        assert container.files() == before
    finally:
        container.kill()


@pytest.mark.parametrize("service", ["chatbot", "workbench"])
def test_a_service_is_reached_from_outside(container: Container, service: str) -> None:
    url = f"http://{OTHER_ADDRESS}:{container.ports[service]}/"
    answer = httpx.get(url, headers={"Host": "localhost"}, verify=trust(), follow_redirects=False)
    assert answer.status_code == (200 if service == "chatbot" else 302)


def test_redis_is_embedded(container: Container) -> None:
    url = f"http://{OTHER_ADDRESS}:{container.ports['chatbot']}/readyz"
    wait_until(
        "redis is used",
        lambda: '"redis": "ok"' in httpx.get(url, headers={"Host": "localhost"}, verify=trust()).text,
        10,
    )


def test_its_data_are_in_the_folder_for_a_volume(container: Container) -> None:
    assert {path.name for path in (container.image / "var").iterdir()} >= {"db.sqlite3", "secret_key"}


def test_image_takes_packages_with_the_locked_hashes_alone() -> None:
    [options] = re.findall(r"\bpip install (.+)$", DOCKERFILE, re.MULTILINE)
    assert "--require-hashes" in options.split()
    assert options.endswith("-r requirements.txt")


@pytest.mark.parametrize("page", ["README.md", "README.zh-hans.md"])
def test_readme_runs_the_image_so(page: str) -> None:
    [command] = re.findall(r"^docker run (.+)$", (ROOT / page).read_text(), re.MULTILINE)
    assert command.endswith("-v handover:/opt/handover/var handover dev --host 0.0.0.0")
