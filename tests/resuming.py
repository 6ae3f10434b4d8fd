"""What every client of a stream must do: go on from its position after a restart of the server."""

from typing import Protocol

from harness.clients import AgentClient, CustomerClient, expect
from harness.programs import wait_until
from harness.services import Product

BACK_SECONDS = 20.0

Received = list[tuple[str, str]]  # type of the event, content of the message


class Client(Protocol):
    """Something that reads one customer's stream."""

    def received(self) -> Received:
        """What it has got so far."""


def check_client(client: Client, product: Product, customer: CustomerClient, alice: AgentClient) -> None:
    """Replies before, during and after a restart of the chatbot arrive once and in order."""
    wait_until("the stream is open", lambda: bool(client.received()), BACK_SECONDS)
    replies = [f"reply {number}" for number in range(9)]
    for number, reply in enumerate(replies):
        if number == 3:
            wait_until("the first replies are there", lambda: contents(client) == replies[:3], BACK_SECONDS)
            product.chatbot.kill()
        if number == 6:
            product.chatbot.start()
        expect(201, alice.reply(customer.session_name, reply))
    wait_until("the last reply is there", lambda: contents(client)[-1:] == replies[-1:], BACK_SECONDS)
    assert contents(client) == replies
    assert "reset" not in [type for type, _ in client.received()]


def contents(client: Client) -> list[str]:
    return [content for type, content in client.received() if type == "new_message"]
