"""The running product, shared by the tests that need it, and its logs beside a test that fails."""

import logging
from collections.abc import Generator, Iterator

import pytest

from harness.clients import AgentClient, CustomerClient
from harness.forks import using_forks
from harness.programs import Program
from harness.services import Product, run_product

logging.getLogger("httpx").setLevel(logging.WARNING)  # one line for each poll hides what failed


@pytest.fixture(scope="session", autouse=True)
def quick_services() -> Iterator[None]:
    """Services start as forks of one process, unless a test is about their start, and a login takes them no time."""
    with using_forks(), pytest.MonkeyPatch.context() as patch:
        patch.setenv("DJANGO_SETTINGS_MODULE", "harness.settings")  # what make_environment passes on
        yield


@pytest.fixture(scope="module")
def shared_product(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Product]:
    with run_product(tmp_path_factory.mktemp("product")) as product:
        yield product


@pytest.fixture
def product(shared_product: Product) -> Product:
    """Both services, up. A test may end or pause any part; the next test gets it running again."""
    shared_product.start_missing()
    return shared_product


@pytest.fixture
def customer(product: Product) -> Iterator[CustomerClient]:
    """A customer with a session of its own."""
    with CustomerClient(product.chatbot.url) as client:
        client.create_session()
        yield client


@pytest.fixture
def alice(product: Product) -> Iterator[AgentClient]:
    with AgentClient(product.workbench.url, "alice") as client:
        yield client


@pytest.fixture
def bob(product: Product) -> Iterator[AgentClient]:
    with AgentClient(product.workbench.url, "bob") as client:
        yield client


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed:
        for program in Program.running:
            report.sections.append((f"log of {program.name}", program.tail()))
    return report
