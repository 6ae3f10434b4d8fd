"""The checker sees what it is there to see."""

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

from tests.faults.ledgers import AcceptedCall, AcceptedPost, Verdict, compare
from tests.faults.stream import Applied, Reset, StreamClient

CHANNEL = "sse_session_s-1"


def envelope(number: int) -> bytes:
    return (
        b'{"type":"new_message","payload":{"id":%d,"role":"customer","client_id":"k-%d","content":"c-%d"},"id":%d}'
        % (
            number,
            number,
            number,
            number,
        )
    )


def judge(*got: int | Reset, log: range = range(1, 6), posts: Any = (), calls: Any = ()) -> Verdict:
    """The verdict on a client that was sent these numbers."""
    history = [each if isinstance(each, Reset) else Applied(CHANNEL, each, envelope(each), 0.0) for each in got]
    client = SimpleNamespace(url="client", starts={CHANNEL: 0}, history=history)
    events = {number: envelope(number) for number in log}
    return compare({CHANNEL: events}, posts, calls, [cast(StreamClient, client)])


def accepted(turn: int, id: int) -> AcceptedPost:
    return AcceptedPost("s-1", "customer", turn, id, f"c-{id}")


def test_client_that_got_everything_is_clean() -> None:
    assert judge(1, 2, 3, 4, 5) == Verdict(events=5, clients=1)


def test_missing_end_is_lost() -> None:
    assert judge(1, 2, 3, 4).lost == 1


def test_missing_middle_is_lost_and_a_gap() -> None:
    verdict = judge(1, 2, 4, 5)
    assert (verdict.lost, verdict.gaps) == (1, 1)


def test_second_copy_is_doubled() -> None:
    assert judge(1, 2, 2, 3, 4, 5).doubled == 1


def test_late_event_is_out_of_order() -> None:
    assert judge(1, 3, 2, 4, 5).disordered == 1


def test_gap_that_a_reset_announced_is_no_loss() -> None:
    verdict = judge(1, Reset(CHANNEL, 4), 5)
    assert verdict.is_clean
    assert verdict.resets == 1


def test_other_bytes_than_the_logs_are_altered() -> None:
    client = SimpleNamespace(url="client", starts={CHANNEL: 0}, history=[Applied(CHANNEL, 1, b"{}", 0.0)])
    assert compare({CHANNEL: {1: envelope(1)}}, [], [], [cast(StreamClient, client)]).altered == 1


def test_hole_in_the_log_is_lost() -> None:
    assert compare({CHANNEL: {1: envelope(1), 3: envelope(3)}}, [], [], []).lost == 1


def test_accepted_post_that_is_not_in_the_log_is_lost() -> None:
    assert judge(1, 2, 3, 4, 5, posts=[accepted(0, 6)]).lost == 1


def test_accepted_call_that_is_not_in_the_log_is_lost() -> None:
    assert judge(1, 2, 3, 4, 5, calls=[AcceptedCall(CHANNEL, 6, "c-6")]).lost == 1


def test_posts_logged_in_another_order_are_out_of_order() -> None:
    assert judge(1, 2, 3, 4, 5, posts=[accepted(0, 2), accepted(1, 1)]).disordered == 1


def with_files(number: int, *ids: str) -> bytes:
    message = json.loads(envelope(number))
    message["payload"]["attachments"] = [{"id": each} for each in ids]
    return json.dumps(message).encode()


def test_file_of_two_messages_is_doubled() -> None:
    assert compare({CHANNEL: {1: with_files(1, "a"), 2: with_files(2, "a")}}, [accepted(0, 1)], [], []).doubled == 1


def test_message_that_lost_its_file_is_altered() -> None:
    post = replace(accepted(0, 1), attachments=("a", "b"))
    assert compare({CHANNEL: {1: with_files(1, "a")}}, [post], [], []).altered == 1
    assert compare({CHANNEL: {1: with_files(1, "a", "b")}}, [post], [], []).is_clean
