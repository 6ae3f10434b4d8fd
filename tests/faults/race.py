"""The race of tests/queue_writers.py over HTTP: people at two workbenches, and customers who come meanwhile."""

import contextlib
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from itertools import cycle
from typing import Any

import httpx

from harness.clients import AgentClient, CustomerClient
from harness.services import DEMO_PASSWORD, Product, Service, make_environment, run_command
from tests.queue_writers import FIND_LINES, PAUSE_SECONDS, REASONS, Desk, Got, Offered, Race, Refused, Unknown

SUPERVISOR = "carol"
THREADS = 4
RENEW_SECONDS = 5.0
BEGIN = """
from django.contrib.auth.models import User
from chatbot.models import ChatSession
from tests.queue_promises import agent_name, set_up_desk
set_up_desk({agents})
for user in User.objects.filter(username__startswith="agent-"):
    user.set_password({password!r})
    user.save()
"""
CHECK = """
from pathlib import Path
from tests.queue_promises import check
from tests.queue_writers import read_ledgers
check(read_ledgers([Path({ledger!r}).read_text()]), [{supervisor!r}], {after})
"""
END = """
from chatbot.models import AgentPresence, ChatSession, QueueRule, Team
ChatSession.objects.filter(pk__gt={after}).delete()
QueueRule.objects.all().delete()
AgentPresence.objects.filter(agent__username__startswith="agent-").delete()
Team.objects.filter(is_default=False).delete()
"""
# The process in which the agents' pages are said to be open lives (workbench/tests/ableness.py).
HOLD_PAGES = """
UPDATE chatbot_presenceholder SET lease_until = strftime('%Y-%m-%d %H:%M:%f', 'now', '+28 seconds')
WHERE name = 'a-process'
"""


class HttpDesk:
    """Somebody's browser. Where a workbench does not answer he goes to the next; of a call that broke nobody knows."""

    def __init__(self, who: str, workbenches: Sequence[Service]) -> None:
        self.who = who
        self._urls = cycle([workbench.url for workbench in workbenches])
        self._url = next(self._urls)
        self._client = AgentClient(self._url, who)

    def close(self) -> None:
        self._client.http.close()

    def take(self, session: str) -> Got:
        return self._get(f"/api/sessions/{session}/takeover")

    def take_next(self) -> Got:
        return self._get("/api/sessions/next")

    def offers(self) -> Sequence[Offered]:
        items = self._read("/api/agent/offers")
        return [Offered(str(item["offer_id"]), item["from"] is not None) for item in items]

    def accept(self, offer_id: str) -> Got:
        return self._get(f"/api/offers/{offer_id}/accept")

    def decline(self, offer_id: str) -> None:
        self._post(f"/api/offers/{offer_id}/decline")

    def own(self) -> Sequence[str]:
        return [item["session_name"] for item in self._read("/api/sessions?mine=1&status=manual_live&limit=1")]

    def pass_on(self, session: str, to: str) -> None:
        self._post(f"/api/sessions/{session}/transfer", to_agent=to)

    def pass_to_team(self, session: str, team: int) -> None:
        self._post(f"/api/sessions/{session}/transfer", to_team=team)

    def force(self, session: str) -> Got:
        return self._get(f"/api/sessions/{session}/takeover", force=True)

    def requeue(self, session: str, team: int | None) -> Got:
        return self._get(f"/api/sessions/{session}/requeue", **({} if team is None else {"team": team}))

    def prioritise(self, session: str, priority: str) -> None:
        self._call("PATCH", f"/api/sessions/{session}", priority=priority)

    def _get(self, path: str, **body: object) -> Got:
        session = self._post(path, **body).json()
        return Got(session["session_name"], session["version"])

    def _post(self, path: str, **body: object) -> httpx.Response:
        return self._call("POST", path, **body)

    def _read(self, path: str) -> list[dict[str, Any]]:
        try:
            return list(self._call("GET", path).json()["items"])
        except Unknown as error:
            raise Refused from error

    def _call(self, method: str, path: str, **body: object) -> httpx.Response:
        headers = {"X-CSRFToken": self._client.csrf_token}
        content: dict[str, Any] = {} if method == "GET" else {"json": body}
        try:
            answer = self._client.http.request(method, self._url + path, headers=headers, **content)
        except httpx.TransportError as error:
            self._url = next(self._urls)
            raise Refused if isinstance(error, httpx.ConnectError) else Unknown from error
        if answer.status_code in (403, 404, 409, 503):
            raise Refused
        answer.raise_for_status()
        return answer


class Field:
    """What is raced for: `sessions` customers come, one after the other, while the race is on."""

    def __init__(self, product: Product, sessions: int) -> None:
        self.product = product
        self.names: list[str] = []
        self._sessions = sessions
        self._environment = make_environment(product.database, product.valkey.url)
        [(self._after,)] = self._query("SELECT COALESCE(MAX(id), 0) FROM chatbot_chatsession")
        self._has_asked = threading.Event()

    def live(self) -> float:
        """Which part of all the sessions somebody has."""
        of_these = f"FROM chatbot_chatsession WHERE status = 'manual_live' AND id > {self._after}"
        [(live,)] = self._query(f"SELECT COUNT(*) {of_these}")
        return float(live) / self._sessions

    def run(self, workbenches: Sequence[Service], cause: Callable[["Field"], None]) -> Race:
        """Race, while `cause` does what goes wrong; what everybody was told is compared with what is written."""
        agents = max(4, self._sessions // 4)
        self._run(BEGIN.format(agents=agents, password=DEMO_PASSWORD))
        try:
            with contextlib.ExitStack() as ending:
                names = [f"agent-{number:02}" for number in range(agents)]
                orders = [workbenches, workbenches[::-1]]
                desks = [HttpDesk(who, orders[n % 2]) for n, who in enumerate(names)]
                boss = HttpDesk(SUPERVISOR, workbenches)
                for desk in (*desks, boss):
                    ending.callback(desk.close)
                race = Race(self.names, names, self._teams(), self._is_quiet, self._find_lines)
                self._race(race, desks, boss, cause)
            self._check(race)
        finally:
            self._run(END.format(after=self._after))
        return race

    def _race(self, race: Race, desks: Sequence[Desk], boss: Desk, cause: Callable[["Field"], None]) -> None:
        is_over = threading.Event()
        with ThreadPoolExecutor(THREADS + 4) as pool:
            holding = pool.submit(self._hold_pages, is_over)
            try:
                racing = [
                    pool.submit(self._ask_all),
                    pool.submit(race.run_supervisors, [boss], 0),
                    *(pool.submit(race.run_agents, desks[n::THREADS], n + 1) for n in range(THREADS)),
                ]
                cause(self)
                for each in racing:
                    each.result()
            finally:
                is_over.set()
            holding.result()

    def _hold_pages(self, is_over: threading.Event) -> None:
        while not is_over.wait(RENEW_SECONDS):
            self._query(HOLD_PAGES)

    def _ask_all(self) -> None:
        """Each customer asks until he waits; some think better of it once."""
        for number in range(self._sessions):
            with CustomerClient(self.product.chatbot.url) as customer:
                customer.create_session()
                self.names.append(customer.session_name)
                _until_done(partial(customer.escalate, reason=REASONS[number % len(REASONS)]))
                give_up = partial(customer.http.post, f"{customer.path}/cancel-escalation", json={})
                if number % 5 == 0 and _is_done(give_up):
                    _until_done(customer.escalate)
        self._has_asked.set()

    def _is_quiet(self) -> bool:
        return self._has_asked.is_set() and self.live() == 1

    def _find_lines(self) -> set[tuple[str, bool]]:
        rows = self._query(f"{FIND_LINES} WHERE session_id > {self._after}")
        return {(str(what), bool(is_by_nobody)) for what, is_by_nobody in rows}

    def _teams(self) -> list[int]:
        return [int(pk) for (pk,) in self._query("SELECT id FROM chatbot_team")]

    def _check(self, race: Race) -> None:
        """In a process that has this database."""
        ledger = self.product.folder / "race.json"
        ledger.write_text(race.ledger.dumps())
        self._run(CHECK.format(ledger=str(ledger), supervisor=SUPERVISOR, after=self._after))

    def _run(self, command: str) -> None:
        run_command("shell", "--command", command, environment=self._environment)

    def _query(self, query: str) -> list[Any]:
        with contextlib.closing(sqlite3.connect(self.product.database, timeout=30)) as database, database:
            return database.execute(query).fetchall()


def _until_done(action: Callable[[], httpx.Response]) -> None:
    while not _is_done(action):
        time.sleep(PAUSE_SECONDS)


def _is_done(action: Callable[[], httpx.Response]) -> bool:
    """False where it was refused for the moment, or overtaken."""
    answer = action()
    assert answer.status_code < 400 or answer.status_code in (409, 503), answer.text
    return answer.status_code < 400
