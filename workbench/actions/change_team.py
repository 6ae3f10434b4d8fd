"""A supervisor changes how a team works."""

import logging
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from chatbot.conversations.errors import Forbidden, TeamNotFound
from chatbot.models import Team
from workbench.access.agents import Agent

logger = logging.getLogger(__name__)


def change_team(*, team_id: int, agent: Agent, settings: Mapping[str, Any]) -> Team:
    """Change these fields of a team, which must be valid. Locks its row; raises Forbidden, TeamNotFound."""
    if not agent.is_supervisor:
        raise Forbidden
    with transaction.atomic():
        team = Team.objects.select_for_update().filter(pk=team_id).first()
        if team is None:
            raise TeamNotFound
        for field, value in settings.items():
            setattr(team, field, value)
        if settings:
            team.save(update_fields=list(settings))
            changed = (team.pk, agent.id, ",".join(settings))
            transaction.on_commit(lambda: logger.info("team changed team=%s agent=%s fields=%s", *changed))
    return team
