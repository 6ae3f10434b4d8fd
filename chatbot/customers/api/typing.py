"""The customer writes: the call that comes most, and whose answer nobody waits for."""

from collections.abc import Sequence

from django.http import HttpRequest
from ninja import Router, Status

from chatbot.conversations.errors import NotFound
from chatbot.customers.access import own_session
from chatbot.customers.actions.tell_typing import Sign, tell_typing
from chatbot.customers.api.guards import credentials
from chatbot.web.bodies import Json
from chatbot.web.json_api import PAUSE_SECONDS, TOGETHER, waits
from chatbot.web.schemas import TypingBody
from realtime.database import read_database
from realtime.database.batch import Batch

router = Router(tags=["messages"])


@router.post("/{name}/typing", response={204: None})
@waits(access=own_session)
async def typing(request: HttpRequest, name: str, body: Json[TypingBody]) -> Status[None]:
    """To be called while the customer writes, every few seconds; more than one in 2 s is swallowed."""
    await tell(Sign(name, credentials(request), body.active))
    return Status(204, None)


async def tell(sign: Sign) -> None:
    """Tell it together with what others say within a quarter of a second. Raises NotFound and DatabaseError."""
    if not await _told(sign):
        raise NotFound


async def _tell_all(signs: Sequence[Sign]) -> list[bool]:
    return await read_database(tell_typing, signs)


_told: Batch[Sign, bool] = Batch(_tell_all, TOGETHER, pause_seconds=PAUSE_SECONDS)
