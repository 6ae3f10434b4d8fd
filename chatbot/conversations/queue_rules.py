"""Supervisors' rules: a fixed list of conditions that give who waits a team, a priority and a label.

All that a rule has filled in must be true. Of rules that name a team the first decides, of priorities the highest
holds, and labels add up. A rule never lowers a priority.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from chatbot.models import ChatSession, Label, Priority, QueueRule, Team, VipCustomer
from chatbot.models.prepared_queries import PreparedQuery

WORD = re.compile(r"\w")


@dataclass(frozen=True)
class Asker:
    """What rules ask of a session; `said` is what the customer has written, as far as it is at hand."""

    session: ChatSession
    said: Sequence[str]

    @cached_property
    def text(self) -> str:
        return _plain("\n".join(self.said))

    @cached_property
    def is_vip(self) -> bool:
        """By the address that he gives, which nobody has checked; one query, none without an address."""
        address = self.session.customer_email.casefold()
        if not address:
            return False
        return VipCustomer.objects.filter(address__in=[address, f"@{address.rpartition('@')[2]}"]).exists()


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the rules that are true of a session say; `rules` are their names."""

    team: Team | None = None
    priority: int = Priority.LOW
    labels: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()

    @property
    def why(self) -> dict[str, object]:
        """The facts for the history; empty if no rule was true."""
        return {"code": "rules", "rules": list(self.rules)} if self.rules else {}


def rules_of_arrival() -> list[QueueRule]:
    """The rules that are tried when a customer asks for an agent; one query."""
    return _of_arrival.all(None)


_of_arrival = PreparedQuery(
    lambda _: QueueRule.objects.filter(is_active=True, waited_seconds=None).select_related("team"), sample=None
)


def outcome_of(rules: Iterable[QueueRule], asker: Asker) -> Outcome:
    """Try these rules, in their order. At most one query, where a rule asks for VIPs."""
    true = [rule for rule in rules if all(holds(rule, asker) for holds in _CONDITIONS)]
    teams = [rule.team for rule in true if rule.team is not None]
    return Outcome(
        teams[0] if teams else None,
        max((rule.priority for rule in true if rule.priority is not None), default=Priority.LOW),
        tuple(dict.fromkeys(rule.label for rule in true if rule.label)),
        tuple(rule.name for rule in true),
    )


def with_labels(session: ChatSession, added: Iterable[str]) -> list[str]:
    """The session's labels and those that are added, each once."""
    return list(dict.fromkeys([*session.labels, *added]))


def know_labels(names: Iterable[str]) -> None:
    """Make labels that are used for the first time known, so that agents are suggested them."""
    Label.objects.bulk_create([Label(name=name) for name in sorted(names)], ignore_conflicts=True)


def _has_words(rule: QueueRule, asker: Asker) -> bool:
    phrases = phrases_of(rule.words)
    return not phrases or any(_is_in(phrase, asker.text) for phrase in phrases)


def _is_vip(rule: QueueRule, asker: Asker) -> bool:
    return not rule.is_vip or asker.is_vip


def _came_from(rule: QueueRule, asker: Asker) -> bool:
    return rule.page.casefold() in asker.session.page.casefold()


def _speaks(rule: QueueRule, asker: Asker) -> bool:
    return rule.language in ("", asker.session.language)


# Those that cost a query come last.
_CONDITIONS: tuple[Callable[[QueueRule, Asker], bool], ...] = (_speaks, _came_from, _has_words, _is_vip)


def phrases_of(words: str) -> list[str]:
    return [phrase for line in words.splitlines() if (phrase := _plain(line).strip())]


def _is_in(phrase: str, text: str) -> bool:
    """As whole words, where the phrase begins or ends with a letter of a script that writes words apart."""
    start = r"(?<!\w)" if _is_of_words(phrase[0]) else ""
    end = r"(?!\w)" if _is_of_words(phrase[-1]) else ""
    return re.search(f"{start}{re.escape(phrase)}{end}", text) is not None


def _is_of_words(letter: str) -> bool:
    return bool(WORD.match(letter)) and unicodedata.east_asian_width(letter) not in "WF"


def _plain(text: str) -> str:
    """Without differences of case, width and spacing."""
    return re.sub(r"[^\S\n]+", " ", unicodedata.normalize("NFKC", text).casefold())
