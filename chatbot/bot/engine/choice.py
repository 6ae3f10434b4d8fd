"""Which bot answers a session."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.db.models import Q, QuerySet

from chatbot.bot.engine.embedded import EmbeddedEngine
from chatbot.bot.engine.interface import Engine
from chatbot.bot.engine.outside.endpoint import endpoint_of, endpoint_of_environment
from chatbot.models import BotEngine, EngineKind, Team
from chatbot.models.prepared_queries import PreparedQuery

if TYPE_CHECKING:
    from chatbot.bot.engine.outside.endpoint import Endpoint
    from chatbot.bot.engine.outside.language_model import LanguageModel

# No team has it.
NO_TEAM = 0


@dataclass(frozen=True, slots=True)
class ChosenEngine:
    """A bot to ask. `row_id` is that of its BotEngine, under which its threads are kept; null for one that has none."""

    engine: Engine
    row_id: int | None = None
    is_embedded: bool = False


EMBEDDED = ChosenEngine(EmbeddedEngine(), is_embedded=True)


def engine_of(team_id: int | None) -> ChosenEngine:
    """The bot of a session's team (null is the default team), else that of BOT_BASE_URL, else the one built in.

    One query; for a database thread. Never fails for what stands in the table: a bot that cannot be asked raises
    EngineTrouble when it is.
    """
    row = engine_row_of(team_id)
    if row is not None:
        return _chosen(row)
    endpoint = endpoint_of_environment()
    return ChosenEngine(_outside(endpoint)) if endpoint else EMBEDDED


def language_model_of(team_id: int | None) -> "LanguageModel | None":
    """The model that sums up and translates for the agents of a session: of the same places, null where none is.

    A bot with a task of its own (FastGPT, RAGFlow, Dify, one that gets no passages) does nothing else, and a team that
    has chosen its bot sends nothing elsewhere: it has none, as one with the built-in bot. One query; for a database
    thread.
    """
    from chatbot.bot.engine.outside.language_model import LanguageModel

    row = engine_row_of(team_id)
    if row is not None:
        is_plain = row.kind == EngineKind.OPENAI and row.sends_knowledge
        return LanguageModel(endpoint_of(row)) if is_plain else None
    endpoint = endpoint_of_environment()
    return LanguageModel(endpoint) if endpoint else None


def engine_row_of(team_id: int | None) -> BotEngine | None:
    """The bot that is entered for a team, null if none is."""
    team = _teams.first(team_id or NO_TEAM)
    return team.engine if team else None


def _chosen(row: BotEngine) -> ChosenEngine:
    if row.kind == EngineKind.EMBEDDED:
        return EMBEDDED
    return ChosenEngine(_outside(endpoint_of(row)), row_id=row.pk)


def _outside(endpoint: "Endpoint") -> Engine:
    """Its clients are imported with the first one, on the database thread that asks: most installations need none."""
    from chatbot.bot.engine.outside.engine import OutsideEngine

    return OutsideEngine(endpoint)


def _this_team_or_the_default_one(team_id: int) -> QuerySet[Team]:
    found = Team.objects.select_related("engine").filter(Q(pk=team_id) | Q(is_default=True))
    return found.order_by("is_default")


_teams = PreparedQuery(_this_team_or_the_default_one, sample=-1)
