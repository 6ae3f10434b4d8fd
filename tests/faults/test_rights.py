"""A right that ends closes the streams that stood on it within 2 s, in every process."""

from collections.abc import Iterator

import pytest

from harness.clients import AgentClient, CustomerClient, Stream, cookies_of, expect
from harness.programs import wait_until
from harness.services import DEMO_PASSWORD, Product, Service, make_environment, run_command
from tests.faults.conftest import Site
from tests.faults.products import run_second_workbench

LIMIT_SECONDS = 2.0
SWEEP_SECONDS = 30.0  # on a busy machine; the sweep is every 5 s
CREATE_AGENT = (
    f"from django.contrib.auth.models import User;User.objects.create_user('dora', password='{DEMO_PASSWORD}')"
)
SET_ACTIVE = "from django.contrib.auth.models import User;User.objects.filter(username='dora').update(is_active={})"


@pytest.fixture(scope="module")
def second_workbench(site: Site) -> Iterator[Service]:
    """One for all of these, and the agent dora."""
    product, _ = site.visit("redis")
    environment = make_environment(product.database, product.valkey.url)
    run_command("shell", "--command", CREATE_AGENT, environment=environment)
    with run_second_workbench(product) as service:
        yield service


@pytest.fixture
def dora(site: Site, second_workbench: Service) -> Iterator[AgentClient]:
    """An agent who is active and logged in."""
    product, _ = site.visit("redis")
    set_active(product, True)
    with AgentClient(product.workbench.url, "dora") as dora:
        yield dora


def set_active(product: Product, is_active: bool) -> None:
    environment = make_environment(product.database, product.valkey.url)
    run_command("shell", "--command", SET_ACTIVE.format(is_active), environment=environment)


def log_out(agent: AgentClient) -> None:
    agent.http.post("/logout/", data={"csrfmiddlewaretoken": agent.http.cookies["csrftoken"]})


def expect_closed(*streams: Stream, status: int) -> None:
    """Each stream is ended, and refused when it comes back, within the limit from now."""
    wait_until(
        "the streams are closed and refused",
        lambda: all(stream.statuses[-1] == status for stream in streams),
        LIMIT_SECONDS,
    )


def test_logout_closes_streams_in_both_processes(dora: AgentClient, second_workbench: Service) -> None:
    elsewhere = Stream(f"{second_workbench.url}/api/agent/events", headers=cookies_of(dora.http))
    with dora.open_stream() as here, elsewhere as there:
        log_out(dora)
        expect_closed(here, there, status=401)


def test_deactivation_closes_streams_in_both_processes(
    site: Site, dora: AgentClient, second_workbench: Service
) -> None:
    product, _ = site.visit("redis")
    elsewhere = Stream(f"{second_workbench.url}/api/agent/events", headers=cookies_of(dora.http))
    with dora.open_stream() as here, elsewhere as there:
        set_active(product, False)  # is committed before the command ends
        expect_closed(here, there, status=401)


def test_live_sessions_of_an_agent_whom_a_script_deactivates_wait_again(site: Site, dora: AgentClient) -> None:
    product, alice = site.visit("redis")
    with CustomerClient(product.chatbot.url) as customer:
        customer.create_session()
        expect(202, customer.escalate(reason="why"))
        [waiting] = [item for item in alice.fetch_queue()["items"] if item["session_name"] == customer.session_name]
        expect(200, dora.take_over(customer.session_name))
        with alice.open_stream() as desk, customer.open_stream() as page:
            set_active(product, False)
            request = desk.wait_for_type("transfer_request", SWEEP_SECONDS, session_name=customer.session_name)
            page.wait_for_type("status_change", status="pending_manual", previous="manual_live")
            page.wait_for_type("new_message", role="system")
        assert request.payload["waiting_since"] == waiting["waiting_since"]
        expect(200, alice.take_over(customer.session_name))


def test_session_that_another_agent_takes_is_closed_to_readers(
    site: Site, dora: AgentClient, second_workbench: Service
) -> None:
    product, alice = site.visit("redis")
    with CustomerClient(product.chatbot.url) as customer:
        customer.create_session()
        expect(202, customer.escalate())
        path = f"{customer.path}/events"
        elsewhere = Stream(f"{second_workbench.url}{path}", headers=cookies_of(dora.http))
        with dora.open_session_stream(customer.session_name) as here, elsewhere as there:
            expect(200, alice.take_over(customer.session_name))
            expect_closed(here, there, status=403)


def test_rights_are_checked_without_redis(site: Site, dora: AgentClient, second_workbench: Service) -> None:
    product, _ = site.visit("redis")
    product.valkey.kill()
    elsewhere = Stream(f"{second_workbench.url}/api/agent/events", headers=cookies_of(dora.http))
    with elsewhere as there:
        log_out(dora)
        expect_closed(there, status=401)
