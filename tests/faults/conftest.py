"""One product for all faults of a kind, brought back to health before each."""

import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.faults.causes import Needs
from tests.faults.products import product_for
from tests.services import AgentClient, Product

PEOPLE = ("alice", "bob")


class Site:
    """Products by what they need, each started when it is first asked for, with alice logged in."""

    def __init__(self, make_folder: Callable[[str], object]) -> None:
        self._make_folder = make_folder
        self._stack = ExitStack()
        self._found: dict[str, tuple[Product, AgentClient]] = {}

    def visit(self, needs: Needs) -> tuple[Product, AgentClient]:
        """The product, up, and alice."""
        if needs not in self._found:
            folder = self._make_folder(needs)
            product = self._stack.enter_context(product_for(needs, folder))  # type: ignore[arg-type]
            alice = self._stack.enter_context(AgentClient(product.workbench.url, "alice"))
            self._found[needs] = product, alice
        product, alice = self._found[needs]
        product.start_missing()
        return product, alice

    def close(self) -> None:
        self._stack.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    site = Site(tmp_path_factory.mktemp)
    yield site
    site.close()


@pytest.fixture
def seed() -> int:
    """Of everything random in a test; printed with a failure. FAULT_SEED repeats one."""
    seed = int(os.environ.get("FAULT_SEED", 0)) or secrets.randbelow(2**31)
    print(f"FAULT_SEED={seed}")  # noqa: T201  pytest shows it beside what failed
    return seed
