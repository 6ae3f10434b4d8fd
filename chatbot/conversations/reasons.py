"""Sentences of the facts that offers and history keep as their `why`, in the language that is active.

Facts are `{"code": …}` and what its sentence needs; they hold agents as {"id", "name"}, never what a customer wrote.
"""

import re
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext, gettext_noop, ngettext

from chatbot.models import Priority, What

# Facts without anything to fill in, or filled from facts of the same name.
_SENTENCES = {
    "deactivated": gettext_noop("The agent is no longer active"),
    "silent": gettext_noop("{agent} did not answer within {seconds} s"),
    "vanished": gettext_noop("{agent} had no page open for {seconds} s"),
    "receiver_gone": gettext_noop("{to} is not available any more"),
    "sent_elsewhere": gettext_noop("The sender chose somebody else"),
    "held_until": gettext_noop("Until {until} UTC"),
    "hold_over": gettext_noop("The time of the hold was over"),
    "customer_wrote": gettext_noop("The customer wrote"),
    "transfer": gettext_noop("{sender} asks {to} to take over"),
    "quiet": gettext_noop("The customer has not answered, nor within {seconds} s of a reminder"),
    "waited": gettext_noop("Nobody could take it within {seconds} s"),
    "team": gettext_noop("{sender} passed it on to the team {team}"),
    "rules": gettext_noop("By the rule: {rules}"),
}

_ENDS = {
    "declined": gettext_noop("{agent} declined after {seconds} s"),
    "expired": gettext_noop("{agent} did not answer within {seconds} s"),
    "withdrawn": gettext_noop("{agent} was not available any more"),
}


# Why somebody was set away, as AgentState keeps it.
_OF_THE_SYSTEM = ("Let an offer run out", "Did not answer a customer")
_NO_INPUT = re.compile(r"No input for (\d+) minutes")


def sentence(why: Mapping[str, Any]) -> str:
    """One line for people, "" where there is nothing to say; a code that is not known here says nothing either."""
    code = why.get("code")
    if code == "assigned":
        return _assigned(why)
    template = _SENTENCES.get(str(code))
    return gettext(template).format_map(_named(why)) if template else ""


def history_sentence(what: str, why: Mapping[str, Any]) -> str:
    """As sentence, of a line of history, some of whose facts have no code, but say something of what happened."""
    said = sentence(why) or _of_line(what, why)
    # What an agent added: to whom he passes it on, why he declined, how it ended.
    return gettext("; ").join(part for part in (_changed(what, why), said, why.get("note"), why.get("reason")) if part)


def _of_line(what: str, why: Mapping[str, Any]) -> str:
    if what in _ENDS and "to" in why:
        return gettext(_ENDS[what]).format_map(_named({**why, "agent": why["to"]}))
    if why.get("from"):
        return gettext("{from} had it before").format_map(_named(why))
    return ""


def _changed(what: str, why: Mapping[str, Any]) -> str:
    """To what it was changed."""
    if what == What.PRIORITISED:
        return str(Priority[str(why["priority"]).upper()].label)
    if what == What.LABELLED:
        return gettext(", ").join(why["labels"]) or gettext("none")
    return gettext(", ").join(map(gettext, why["fields"])) if what == What.NOTED else ""


def shown_reason(reason: str) -> str:
    """Why an agent is away or busy: his own words as they are, those of the system in the reader's language."""
    if found := _NO_INPUT.fullmatch(reason):
        return gettext("No input for {minutes} minutes").format(minutes=found[1])
    return gettext(reason) if reason in _OF_THE_SYSTEM else reason


def _assigned(why: Mapping[str, Any]) -> str:
    """Why the queue offered a session to this agent: what became of the offers before, and who could take no more."""
    parts = [gettext(_ENDS[each["end"]]).format_map(_named(each)) for each in why["before"] if each["end"] in _ENDS]
    parts += [gettext("{agent} is at capacity").format(agent=each["name"]) for each in why["full"]]
    if why.get("is_known"):
        return gettext("; ").join(
            [*parts, gettext("{agent} served this customer before").format(agent=why["agent"]["name"])]
        )
    load = ngettext(
        "{agent} has the fewest conversations ({live} of {capacity}) of {able} agent who can take one",
        "{agent} has the fewest conversations ({live} of {capacity}) of {able} agents who can take one",
        why["able"],
    )
    return gettext("; ").join([*parts, load.format(agent=why["agent"]["name"], **_numbers(why))])


def _numbers(why: Mapping[str, Any]) -> dict[str, Any]:
    return {name: why[name] for name in ("live", "capacity", "able")}


class _Named(dict[str, Any]):
    """Facts by name; one that is missing leaves its place empty, since rows outlive the code that wrote them."""

    def __missing__(self, key: str) -> str:
        return "–"


def _named(why: Mapping[str, Any]) -> _Named:
    return _Named({key: _text_of(value) for key, value in why.items()})


def _text_of(value: Any) -> Any:
    if isinstance(value, list):
        return gettext(", ").join(map(str, value))
    return value["name"] if isinstance(value, Mapping) else value
