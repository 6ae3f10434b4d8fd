"""What agents note of a conversation, and the labels that they may choose."""

from typing import Annotated, Literal

from django.http import HttpRequest
from ninja import Router
from pydantic import AfterValidator, Field, field_validator
from pydantic.json_schema import SkipJsonSchema
from typing_extensions import TypedDict

from chatbot.conversations.errors import NotAssignee
from chatbot.models import MAX_LABEL_LENGTH, MAX_PHONE_LENGTH, Label, Priority
from chatbot.web.bodies import Body, Json, Text
from chatbot.web.json_api import changes, reads
from chatbot.web.schemas import CustomerChange
from workbench import selectors
from workbench.access.agents import logged_in_agent
from workbench.actions.edit_session import edit_session
from workbench.api import sessions
from workbench.api.guards import check_readable
from workbench.selectors import SessionItem

MAX_LABELS = 20  # of one conversation
MAX_KNOWN_LABELS = 500

labels = Router(tags=["sessions"])


def _on_one_line(name: str) -> str:
    if not name.strip():
        raise ValueError("only white space")
    return " ".join(name.split())


LabelName = Annotated[
    Text,
    Field(
        max_length=MAX_LABEL_LENGTH,
        examples=["refund"],
        json_schema_extra={"pattern": r"^[^\u0000]*[^\s\u0000][^\u0000]*$"},
    ),
    AfterValidator(_on_one_line),
]


class CustomerNote(CustomerChange):
    phone: Annotated[Text, Field(max_length=MAX_PHONE_LENGTH)] | SkipJsonSchema[None] = None


class SessionEdit(Body):
    """What is given is changed. `labels` are all labels of the conversation; one is made when it is first used."""

    labels: Annotated[list[LabelName], Field(max_length=MAX_LABELS)] | SkipJsonSchema[None] = None
    customer: CustomerNote | SkipJsonSchema[None] = None
    priority: Literal["low", "normal", "high", "urgent"] | SkipJsonSchema[None] = None

    @field_validator("labels")
    @classmethod
    def _name_each_once(cls, names: list[str] | None) -> list[str] | None:
        return None if names is None else list(dict.fromkeys(names))


class LabelsJson(TypedDict):
    items: list[str]


@sessions.router.patch("/{name}", response=SessionItem)  # Django takes the first router of an address
@changes(NotAssignee, access=check_readable)
def change_session(request: HttpRequest, name: str, body: Json[SessionEdit]) -> SessionItem:
    """For the conversation's agent and for supervisors."""
    agent = logged_in_agent(request)
    session = edit_session(
        session_name=name,
        agent=agent,
        labels=body.labels,
        priority=Priority[body.priority.upper()] if body.priority else None,
        customer=body.customer.model_dump(exclude_none=True) if body.customer else None,
    )
    return selectors.session_item(session, agent)


@labels.get("", response=LabelsJson)
@reads(access=logged_in_agent)
def read_labels(request: HttpRequest) -> LabelsJson:
    """Those that were used before, or that a supervisor suggests."""
    logged_in_agent(request)
    return {"items": list(Label.objects.values_list("name", flat=True)[:MAX_KNOWN_LABELS])}
