"""Across the services: the desk learns that a customer comes and goes, without asking again."""

from harness.clients import AgentClient, CustomerClient, expect
from harness.services import Product

# A second until it is seen, five of grace; the rest is the machine's.
SETTLED_SECONDS = 20.0


def test_the_desk_learns_that_a_customer_comes_and_goes(
    product: Product, customer: CustomerClient, alice: AgentClient
) -> None:
    name = customer.session_name
    expect(202, customer.escalate())
    assert not alice.fetch(name)["customer_online"]
    with alice.open_stream() as desk:
        with customer.open_stream() as page:
            desk.wait_for_type("customer_presence", SETTLED_SECONDS, session_name=name, customer_online=True)
            assert alice.fetch(name)["customer_online"]
            expect(200, alice.take_over(name))
        desk.wait_for_type("customer_presence", SETTLED_SECONDS, session_name=name, customer_online=False)
        assert not alice.fetch(name)["customer_online"]
    assert page.received("customer_presence") == []
