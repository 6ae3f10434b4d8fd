"""One product for all faults of a kind, brought back to health before each."""

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, get_args

import pytest

from harness.clients import AgentClient
from harness.services import Product, Service
from tests.faults.causes import Fault, Needs
from tests.faults.products import product_for, run_second_workbench

HERE = Path(__file__).parent
KINDS = get_args(Needs)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Those that need the same kind of product come one after the other: its start takes 3 s of processor time."""
    places = [place for place, item in enumerate(items) if item.path.is_relative_to(HERE)]
    ours = sorted((items[place] for place in places), key=lambda item: KINDS.index(needs_of(item)))
    for place, item in zip(places, ours, strict=True):
        items[place] = item


def needs_of(item: pytest.Item) -> Needs:
    parameters: dict[str, Any] = getattr(getattr(item, "callspec", None), "params", {})
    fault: Fault | None = parameters.get("fault")
    needs: Needs = parameters.get("needs", fault.needs if fault else "redis")
    return needs


class Site:
    """The product as a test needs it, with alice logged in; the one before, if it was of another kind, ends."""

    def __init__(self, make_folder: Callable[[str], Path]) -> None:
        self._make_folder = make_folder
        self._running = ExitStack()
        self._needs: Needs | None = None
        self._product: Product
        self._alice: AgentClient

    def visit(self, needs: Needs) -> tuple[Product, AgentClient]:
        """The product, up, and alice."""
        if needs != self._needs:
            self.close()
            self._product = self._running.enter_context(product_for(needs, self._make_folder(needs)))
            self._alice = self._running.enter_context(AgentClient(self._product.workbench.url, "alice"))
            self._needs = needs
        self._product.start_missing()
        return self._product, self._alice

    def close(self) -> None:
        self._running.close()
        self._needs = None


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = Site(tmp_path_factory.mktemp)
    yield site
    site.close()


@pytest.fixture
def needs() -> Needs:
    """The kind of product that a test is about, unless it is given another."""
    return "redis"


@pytest.fixture
def product(site: Site, needs: Needs) -> Iterator[Product]:
    """It, up, and up again afterwards."""
    product, _ = site.visit(needs)
    yield product
    product.start_missing()


@pytest.fixture
def second_workbench(product: Product) -> Iterator[Service]:
    with run_second_workbench(product) as service:
        yield service


@pytest.fixture
def seed() -> int:
    """Of everything random in a test; printed with a failure. FAULT_SEED repeats one."""
    seed = int(os.environ.get("FAULT_SEED", 0)) or secrets.randbelow(2**31)
    print(f"FAULT_SEED={seed}")  # noqa: T201  pytest shows it beside what failed
    return seed
