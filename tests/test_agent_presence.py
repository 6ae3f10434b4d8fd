"""Across processes: colleagues hear who comes, what they choose, and who has logged out."""

from harness.clients import AgentClient, Received, Stream
from harness.services import Product

# A second until it is seen; the rest is the machine's. The grace, which nobody who logs out has, is longer.
SETTLED_SECONDS = 25.0


def find(agents: AgentClient, agent_id: str) -> dict[str, object]:
    items = agents.http.get("/api/agents").json()["items"]
    return dict(next(item for item in items if item["id"] == agent_id))


def put(agent: AgentClient, availability: str) -> int:
    headers = {"X-CSRFToken": agent.csrf_token}
    body = {"availability": availability, "reason": "Lunch"}
    return agent.http.put("/api/agent/availability", json=body, headers=headers).status_code


def wait_for_bob(desk: Stream, **status: object) -> None:
    def is_wanted(event: Received) -> bool:
        if event.type != "agent_status" or event.payload["agent"]["id"] != "bob":
            return False
        return status.items() <= event.payload.items()

    desk.wait_for(is_wanted, SETTLED_SECONDS, f"{status} of bob")


def test_colleagues_hear_who_comes_chooses_and_goes(product: Product, alice: AgentClient) -> None:
    with alice.open_stream() as desk, AgentClient(product.workbench.url, "bob") as bob:
        with bob.open_stream():
            wait_for_bob(desk, status="available", connected=True, by=None)
            assert put(bob, "away") == 200
            wait_for_bob(desk, status="away", reason="Lunch", by="agent")
            assert find(alice, "bob")["connected"]
            bob.http.post("/logout/", headers={"X-CSRFToken": bob.csrf_token})
            wait_for_bob(desk, status="offline", connected=False, by=None)
        bob_is = find(alice, "bob")
        assert (bob_is["connected"], bob_is["availability"], bob_is["reason"]) == (False, "away", "Lunch")
