"""The site that these tests share: all of it for the whole package, and its clients."""

from collections.abc import Iterator

import pytest

from harness.clients import CustomerClient
from harness.sideways import BrowserAgent, Site, run_site
from tests.needs import need


@pytest.fixture(scope="package")
def shared_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    need("curl", "initdb", "nginx", "openssl", "setpriv")
    with run_site(tmp_path_factory.mktemp("site")) as site:
        yield site


@pytest.fixture
def site(shared_site: Site) -> Site:
    """All of it, up. A test may kill any part; the next test gets it running again."""
    shared_site.start_missing()
    return shared_site


@pytest.fixture
def customer(site: Site) -> Iterator[CustomerClient]:
    with CustomerClient(site.nginx.url("chatbot")) as client:
        client.create_session()
        yield client


@pytest.fixture
def agent(site: Site) -> Iterator[BrowserAgent]:
    client = BrowserAgent(site.nginx.url("workbench"), "alice")
    with client:
        yield client
