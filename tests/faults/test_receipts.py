"""The ledger of receipts sees what it is there to see."""

from types import SimpleNamespace
from typing import cast

from tests.faults.ledgers import Log, Verdict
from tests.faults.receipts import AcceptedReceipt, Shown, check_receipts
from tests.faults.stream import Receipt, StreamClient

LOG: Log = {
    "sse_session_s-1": {
        number: b'{"type":"new_message","payload":{"id":%d,"session_name":"s-1","role":"%b"},"id":%d}'
        % (number, role, number)
        for number, role in ((1, b"agent"), (2, b"agent"), (3, b"customer"))
    }
}
ACCEPTED = [AcceptedReceipt("s-1", "customer", 2, 1), AcceptedReceipt("s-1", "customer", 1, 1)]
NONE = {"delivered": None, "seen": None}


def judge_shown(delivered: int, seen: int) -> Verdict:
    """The verdict on a service that shows these of the customer."""
    verdict = Verdict()
    shown: Shown = {"customer": {"delivered": delivered, "seen": seen}, "agent": NONE}
    check_receipts(verdict, LOG, ACCEPTED, [("s-1", shown)], [])
    return verdict


def judge_told(*ids: int, side: str = "customer") -> Verdict:
    """The verdict on a stream that told these."""
    verdict = Verdict()
    told = [Receipt("message_read", "s-1", side, each) for each in ids]
    client = SimpleNamespace(url="client", receipts=told)
    check_receipts(verdict, LOG, [], [], [cast(StreamClient, client)])
    return verdict


def test_highest_that_was_accepted_is_clean() -> None:
    assert judge_shown(2, 1).is_clean


def test_lower_than_accepted_is_not_kept() -> None:
    assert judge_shown(1, 1).unkept == 1


def test_higher_than_accepted_is_not_kept() -> None:
    assert judge_shown(2, 2).unkept == 1


def test_seen_is_delivered() -> None:
    verdict = Verdict()
    shown: Shown = {"customer": {"delivered": 1, "seen": 2}, "agent": NONE}
    check_receipts(verdict, LOG, [AcceptedReceipt("s-1", "customer", 1, 2)], [("s-1", shown)], [])
    assert verdict.unkept == 1


def test_stream_that_goes_on_is_clean() -> None:
    assert judge_told(1, 2, 2) == Verdict(receipts=3)


def test_stream_that_goes_back_is_seen() -> None:
    assert judge_told(2, 1).backwards == 1


def test_receipt_of_no_message_is_seen() -> None:
    assert judge_told(4).unwritten == 1


def test_receipt_of_an_own_message_is_seen() -> None:
    assert judge_told(1, side="agent").unwritten == 1
