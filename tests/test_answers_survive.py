"""An answer that is being made survives its processes: what was seen is compared with what is stored, byte for byte."""

from collections.abc import Iterator

import pytest

from harness.bots.completions import says, words
from harness.bots.server import STALL, Answer, StubBot, in_background
from harness.clients import CustomerClient, Received, Stream, expect
from harness.programs import Valkey, wait_until
from harness.services import Product, Service, make_environment, serving

BEGINNING = ("Parcels ", "travel 2 to 4 days — ", "从发货起算，", "and we tell you")
WHOLE = (*BEGINNING, " when yours is at the door. 🚚")
LEASE_SECONDS = 10.0
LONG = 60.0  # of a busy machine


class Pair:
    """Two chatbot processes on one database, and a language model that answers as it is told."""

    def __init__(self, product: Product, other: Service, model: StubBot) -> None:
        self.product = product
        self.maker, self.other = product.chatbot, other
        self.model = model

    def start_missing(self) -> None:
        self.product.start_missing()
        if not self.other.is_alive():
            self.other.start()


@pytest.fixture(scope="module")
def running_pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    folder = tmp_path_factory.mktemp("answers")
    with in_background(StubBot(lambda _: says(*WHOLE))) as model:
        valkey = Valkey(folder)
        environment = make_environment(folder / "db.sqlite3", valkey.url)
        environment |= {"BOT_BASE_URL": f"{model.url}/v1", "BOT_MODEL": "small", "BOT_API_KEY": "secret"}
        chatbot, workbench = (Service(name, folder, environment) for name in ("chatbot", "workbench"))
        other = Service("chatbot", tmp_path_factory.mktemp("other"), environment)
        product = Product(folder, valkey, chatbot, workbench, folder / "db.sqlite3")
        with serving(product):
            try:
                yield Pair(product, other, model)
            finally:
                other.kill()


@pytest.fixture
def pair(running_pair: Pair) -> Pair:
    running_pair.model.plans.clear()
    running_pair.start_missing()
    return running_pair


@pytest.fixture
def elsewhere(pair: Pair, customer: CustomerClient) -> Iterator[CustomerClient]:
    """The same customer at the other process."""
    with CustomerClient(pair.other.url) as elsewhere:
        elsewhere.session_name = customer.session_name
        elsewhere.http.cookies.update(customer.http.cookies)
        yield elsewhere


@pytest.fixture
def customer(pair: Pair) -> Iterator[CustomerClient]:
    """He writes to the process that makes the answers."""
    with CustomerClient(pair.maker.url) as customer:
        customer.create_session()
        yield customer


def pieces(stream: Stream, name: str) -> str:
    """What a page shows that has seen this stream, of the answer of this name."""
    found = {
        e.payload["index"]: e.payload["text"] for e in stream.received("message_delta") if e.payload["stream"] == name
    }
    assert sorted(found) == list(range(1, len(found) + 1))
    return "".join(found[index] for index in sorted(found))


def is_whole(event: Received) -> bool:
    return event.type == "new_message" and event.payload["role"] == "bot" and event.payload["ending"] is None


def stored(customer: CustomerClient) -> list[tuple[str, str, str | None]]:
    messages = [each for each in customer.fetch()["messages"] if each["role"] == "bot"]
    return [(each["client_id"], each["content"], each["ending"]) for each in messages]


def test_pages_of_other_processes_see_what_is_stored(customer: CustomerClient, elsewhere: CustomerClient) -> None:
    with elsewhere.open_stream() as stream:
        expect(201, customer.post("How long does delivery take?"))
        answer = stream.wait_for(is_whole, within=LONG).payload
        assert "".join(WHOLE).startswith(pieces(stream, answer["client_id"]))
        assert stored(customer) == [(answer["client_id"], "".join(WHOLE), None)]


def test_a_page_that_comes_in_the_middle_goes_on_where_the_text_is(
    pair: Pair, customer: CustomerClient, elsewhere: CustomerClient
) -> None:
    pair.model.plans.append(Answer([*words(*BEGINNING), STALL]))
    with customer.open_stream() as first:
        message = expect(201, customer.post("How long does delivery take?"))
        name = f"bot-{message['id']}"
        wait_until("the beginning is shown", lambda: pieces(first, name) == "".join(BEGINNING), LONG)
        answering = elsewhere.fetch()["answering"]
        assert (answering["stream"], answering["text"]) == (name, "".join(BEGINNING))
        assert answering["index"] == len(first.received("message_delta"))
        assert elsewhere.http.post(f"{elsewhere.path}/stop").status_code == 202
        ended = first.wait_for(
            lambda event: event.type == "new_message" and event.payload["role"] == "bot", LONG
        ).payload
        assert (ended["content"], ended["ending"]) == (pieces(first, name), "stopped")


@pytest.mark.parametrize("way", ["killed", "stopped in good order"])
def test_the_process_that_makes_the_answer_ends(
    pair: Pair, customer: CustomerClient, elsewhere: CustomerClient, way: str
) -> None:
    pair.model.plans.append(Answer([*words(*BEGINNING), STALL]))
    with elsewhere.open_stream() as stream:
        name = f"bot-{expect(201, customer.post('How long does delivery take?'))['id']}"
        wait_until("the beginning is shown", lambda: pieces(stream, name) == "".join(BEGINNING), LONG)
        if way == "killed":
            pair.maker.kill()
        else:
            pair.maker.terminate()
        answer = stream.wait_for(is_whole, within=LEASE_SECONDS + LONG).payload
        assert stored(elsewhere) == [
            (name, pieces(stream, name), "interrupted"),
            (answer["client_id"], "".join(WHOLE), None),
        ]
        assert len(stream.received("new_message")) == 3  # the question, what was seen, the answer: no second one
