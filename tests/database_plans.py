"""How PostgreSQL reads large tables; tests/sideways/ runs these, as those of database_promises.py."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection

from chatbot.bot import turns
from chatbot.conversations import selectors as chatbot_selectors
from chatbot.conversations.places import place_of
from chatbot.models import ChatSession, Status
from realtime import log
from workbench import selectors
from workbench.access.agents import Agent
from workbench.assignment.stranded import find_stranded
from workbench.lists.paging import LATEST

pytestmark = pytest.mark.django_db(transaction=True)

ROWS = 20_000
QUEUE = ROWS // 100  # how many wait
LARGE_TABLES = "chatbot_chatsession|chatbot_message|realtime_channelhead|realtime_loggedevent"
WHOLE_TABLE = re.compile(rf"Seq Scan on (?:{LARGE_TABLES})")


@pytest.fixture
def much(transactional_db: None) -> ChatSession:
    """Tables large enough that reading one of them whole would be the wrong plan."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO chatbot_chatsession (name, status, version, customer_name, customer_email, language, "
            "owner_digest, token_digest, escalation_reason, last_message, waiting_since, last_activity_at) "
            "SELECT 's-' || n, CASE WHEN n %% 100 = 0 THEN 'pending_manual' ELSE 'closed' END, 1, '', '', 'en', "
            "'', '', '', '', now() - n * interval '1 s', now() - n * interval '1 s' FROM generate_series(1, %s) AS n",
            [ROWS],
        )
        cursor.execute(
            "INSERT INTO chatbot_message (session_id, role, content, sender, client_id) "
            "SELECT id, 'customer', 'hi', 'customer', n::text FROM chatbot_chatsession, generate_series(1, 3) AS n"
        )
        cursor.execute(
            "INSERT INTO realtime_channelhead SELECT 'sse_session_s-' || n, 2, 0 FROM generate_series(1, %s) AS n",
            [ROWS],
        )
        cursor.execute(
            "INSERT INTO realtime_loggedevent (channel, number, type, envelope) SELECT channel, n, 'tick', '{}' "
            "FROM realtime_channelhead, generate_series(1, 2) AS n"
        )
        cursor.execute("ANALYZE")
    return ChatSession.objects.get(name="s-100")


def plans_of(call: Callable[[], object]) -> str:
    """How the database carries out the SELECTs of a call, with the rows that it really read."""
    selects: list[tuple[str, Any]] = []

    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
        if sql.startswith("SELECT"):
            selects.append((sql, params))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        call()
    assert selects
    with connection.cursor() as cursor:
        lines = []
        for sql, params in selects:
            cursor.execute(f"EXPLAIN ANALYZE {sql}", params)
            lines += [row[0] for row in cursor.fetchall()]
    return "\n".join(lines)


def test_reads_cost_the_same_however_large_the_tables_are(much: ChatSession) -> None:
    agent = Agent(User.objects.create(username="alice"), is_supervisor=False)
    middle = ChatSession.objects.get(name=f"s-{ROWS // 2 + 1}")

    def page(**arguments: Any) -> Callable[[], object]:
        wanted = {"status": None, "mine": False, "q": "", "before": None, "limit": 50, **arguments}
        return lambda: selectors.session_page(agent, **wanted)

    channels = [f"sse_session_s-{n}" for n in range(1, 11)]
    reads: dict[str, Callable[[], object]] = {
        "queue": lambda: selectors.queue_page(agent),
        "place in the queue": lambda: place_of(much),
        "history": lambda: chatbot_selectors.message_page(much, before=None, limit=50),
        "history before": lambda: chatbot_selectors.message_page(much, before=10**9, limit=50),
        "list": page(),
        "list of a status": page(status=Status.CLOSED),
        "list of mine": page(mine=True),
        "list of the unanswered": page(by_unanswered=True),
        "list from far behind": page(before=LATEST.cursor(middle)),
        "list of a status from far behind": page(status=Status.CLOSED, before=LATEST.cursor(middle)),
        "heads": lambda: log.heads(channels),
        "events": lambda: log.read(dict.fromkeys(channels, (0, 2))),
        "stranded sessions": find_stranded,
        "part": lambda: log.read_part(channels[0], 0, 1_000),
        "expired turns": turns.claim_expired_turns,
    }
    plans = {name: plans_of(read) for name, read in reads.items()}
    wasteful = {name: plan for name, plan in plans.items() if WHOLE_TABLE.search(plan) or rows_in_vain(plan) > QUEUE}
    assert wasteful == {}, "\n".join(f"{name}:\n{plan}" for name, plan in wasteful.items())


def rows_in_vain(plan: str) -> int:
    """The most rows that one step read and threw away."""
    return max((int(count) for count in re.findall(r"Rows Removed by (?:Join )?Filter: (\d+)", plan)), default=0)
