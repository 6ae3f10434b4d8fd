"""The sessions of the real run, and the next call of each kind that somebody makes in one of them."""

import itertools
import random
import secrets
import time
from collections import deque
from dataclasses import dataclass, field

from bench.capacity.model import Load
from bench.capacity.site import Bed
from bench.capacity.unit import agent_post, customer_post
from bench.wire import TEXT

SPARE = 400  # sessions that are escalated or closed during the run


@dataclass(slots=True)
class Sent:
    """When each message, and each request for a human, was sent."""

    messages: dict[int, float] = field(default_factory=dict)
    requests: dict[bytes, float] = field(default_factory=dict)


class Conversations:
    """So many customers online; some talk to the bot, some wait, some talk to an agent."""

    def __init__(self, bed: Bed, load: Load, online: int, chance: random.Random) -> None:
        self._random = chance
        self._numbers = itertools.count()
        self.sent = Sent()
        call = bed.site.backstage.call
        agents = [f"agent-{number}" for number in range(round(load.agents))]
        self.logins: dict[str, str] = dict(zip(agents, call("log_in", usernames=agents), strict=True))
        self._live: list[tuple[str, str]] = []
        self._closing: deque[tuple[str, str]] = deque()
        for number, agent in enumerate(agents):
            mine = [f"live-{number}-{index}" for index in range(max(1, round(load.live / len(agents))))]
            last = f"closing-{number}"
            call("create_sessions", names=[*mine, last], assignee=agent)
            self._live += [(name, agent) for name in mine]
            self._closing.append((last, agent))
        self._fresh = deque(f"fresh-{number}" for number in range(SPARE + round(load.waiting)))
        call("create_sessions", names=list(self._fresh))
        named = [*(name for name, _ in (*self._live, *self._closing)), *self._fresh]
        self._bot = [f"bot-{number}" for number in range(online - len(named))]
        call("create_sessions", names=self._bot)
        self.online = [*named, *self._bot]
        self._waiting: deque[str] = deque()

    def message(self) -> bytes:
        name, _ = self._random.choice(self._live)
        return customer_post(name, "messages", self._body())

    def reply(self) -> bytes:
        name, agent = self._random.choice(self._live)
        return agent_post(name, "messages", self.logins[agent], self._body())

    def bot_message(self) -> bytes:
        body = {"content": f"Where is my order? {TEXT}", "client_id": secrets.token_hex(16)}
        return customer_post(self._random.choice(self._bot), "messages", body)

    def escalate(self) -> bytes:
        name = self._fresh.popleft()
        self._waiting.append(name)
        self.sent.requests[name.encode()] = time.perf_counter()
        return customer_post(name, "escalate")

    def take_over(self) -> bytes:
        name, agent = self._waiting.popleft(), self._random.choice(list(self.logins))
        self._closing.append((name, agent))
        return agent_post(name, "takeover", self.logins[agent])

    def close(self) -> bytes:
        name, agent = self._closing.popleft()
        return agent_post(name, "close", self.logins[agent])

    def _body(self) -> dict[str, str]:
        number = next(self._numbers)
        self.sent.messages[number] = time.perf_counter()
        return {"content": f"n{number} {TEXT}", "client_id": secrets.token_hex(16)}
