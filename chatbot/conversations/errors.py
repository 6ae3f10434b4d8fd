"""What a caller can be told instead of an answer. chatbot/web/answers.py turns each into its HTTP response.

ApiError
├── BadRequest           400  BAD_REQUEST
├── InvalidBody          400  INVALID_…
│   └── InvalidForm      400  INVALID_FORM
├── InvalidQuery         400  INVALID_QUERY
├── Unauthenticated      401  UNAUTHENTICATED
├── Forbidden            403  FORBIDDEN
│   ├── ForbiddenOrigin  403  FORBIDDEN_ORIGIN
│   ├── CsrfFailed       403  CSRF_FAILED
│   └── NotAssignee      403  NOT_ASSIGNEE
├── NotFound             404  NOT_FOUND
│   ├── QueueEmpty       404  QUEUE_EMPTY
│   ├── TeamNotFound     404  TEAM_NOT_FOUND
│   ├── MessageNotFound  404  MESSAGE_NOT_FOUND
│   ├── AttachmentNotFound  404  ATTACHMENT_NOT_FOUND
│   ├── OfferNotFound    404  OFFER_NOT_FOUND
│   ├── AgentNotFound    404  AGENT_NOT_FOUND
│   └── TeamNotFound     404  TEAM_NOT_FOUND
├── MethodNotAllowed     405  METHOD_NOT_ALLOWED
├── Conflict             409  CONFLICT
│   ├── AlreadyEscalated 409  ALREADY_ESCALATED
│   ├── AlreadyTaken     409  ALREADY_TAKEN, with the agent who has the session
│   ├── InvalidStatus    409  INVALID_STATUS
│   ├── QueueFull        409  QUEUE_FULL
│   ├── OfferGone        409  OFFER_GONE, with the agent who has the session
│   ├── AgentUnavailable 409  AGENT_UNAVAILABLE
│   ├── TooManyAttachments  409  TOO_MANY_ATTACHMENTS
│   ├── NotRatable       409  NOT_RATABLE
│   └── NoLanguageModel  409  NO_LANGUAGE_MODEL
├── BodyTooLarge         413  BODY_TOO_LARGE
├── FileTooLarge         413  FILE_TOO_LARGE
├── UnsupportedMediaType 415  UNSUPPORTED_MEDIA_TYPE
├── FileType             415  FILE_TYPE
├── RateLimited          429  RATE_LIMITED, with Retry-After
├── InternalError        500  INTERNAL_ERROR
├── DatabaseUnavailable  503  DATABASE_UNAVAILABLE, with Retry-After
├── LanguageModelTrouble 503  LANGUAGE_MODEL_TROUBLE, with Retry-After
└── FilesUnavailable     503  FILES_UNAVAILABLE, with Retry-After
"""

import math
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from chatbot.conversations.agents import AgentJson


class ApiError(Exception):
    """Base of the tree: a code for programs, an HTTP status, and a message for people in the caller's language."""

    code: str
    http_status: ClassVar[int]
    default_message: ClassVar[Promise]
    detail_types: ClassVar[Mapping[str, Any]] = MappingProxyType({})  # of what `details` adds
    headers: Mapping[str, str] = MappingProxyType({})

    def __init__(self, message: Promise | str | None = None) -> None:
        self.message = message or self.default_message
        super().__init__(self.code)

    def as_json(self) -> dict[str, Any]:
        """The error object of every answer that is not 2xx: `{"error": {"code", "message"}}`."""
        return {"error": {"code": self.code, "message": str(self.message), **self.details()}}

    def details(self) -> dict[str, Any]:
        return {}


class BadRequest(ApiError):
    code = "BAD_REQUEST"
    http_status = 400
    default_message = _("The request is not valid.")


class InvalidBody(ApiError):
    http_status = 400
    default_message = _("The request body is not valid.")

    def __init__(self, message: Promise | str | None = None, *, code: str = "INVALID_BODY") -> None:
        self.code = code
        super().__init__(message)


class InvalidForm(InvalidBody):
    code = "INVALID_FORM"
    default_message = _("The request body is not a whole form.")

    def __init__(self, message: Promise | str | None = None) -> None:
        super().__init__(message, code=self.code)


class InvalidQuery(ApiError):
    code = "INVALID_QUERY"
    http_status = 400
    default_message = _("A parameter of the address is not valid.")


class Unauthenticated(ApiError):
    code = "UNAUTHENTICATED"
    http_status = 401
    default_message = _("Please log in.")


class Forbidden(ApiError):
    code = "FORBIDDEN"
    http_status = 403
    default_message = _("You may not do this.")


class ForbiddenOrigin(Forbidden):
    code = "FORBIDDEN_ORIGIN"
    default_message = _("Requests from other sites are refused.")


class CsrfFailed(Forbidden):
    code = "CSRF_FAILED"
    default_message = _("The security token is missing or out of date. Please reload the page.")


class NotAssignee(Forbidden):
    code = "NOT_ASSIGNEE"
    default_message = _("This conversation is with another agent.")


class NotFound(ApiError):
    code = "NOT_FOUND"
    http_status = 404
    default_message = _("There is no such conversation.")


class LinkInvalid(NotFound):
    code = "LINK_INVALID"
    default_message = _("This link is not valid any more. Open the chat in the browser in which you wrote to us.")


class QueueEmpty(NotFound):
    code = "QUEUE_EMPTY"
    default_message = _("Nobody waits for an agent.")


class TeamNotFound(NotFound):
    code = "TEAM_NOT_FOUND"
    default_message = _("There is no such team.")


class MessageNotFound(NotFound):
    code = "MESSAGE_NOT_FOUND"
    default_message = _("The conversation has no such message from the other side.")


class AttachmentNotFound(NotFound):
    code = "ATTACHMENT_NOT_FOUND"
    default_message = _("There is no such file, or it has been sent already. Please choose it again.")


class OfferNotFound(NotFound):
    code = "OFFER_NOT_FOUND"
    default_message = _("There is no such offer to you.")


class AgentNotFound(NotFound):
    code = "AGENT_NOT_FOUND"
    default_message = _("There is no such agent.")


class MethodNotAllowed(ApiError):
    code = "METHOD_NOT_ALLOWED"
    http_status = 405
    default_message = _("This address does not take this method.")

    def __init__(self, allowed: str) -> None:
        self.headers = {"Allow": allowed}
        super().__init__()


class Conflict(ApiError):
    code = "CONFLICT"
    http_status = 409
    default_message = _("The conversation has changed in the meantime.")


class AlreadyEscalated(Conflict):
    code = "ALREADY_ESCALATED"
    default_message = _("An agent has been asked for already.")


class AlreadyTaken(Conflict):
    code = "ALREADY_TAKEN"
    default_message = _("This conversation has been taken over already.")
    detail_types = MappingProxyType({"agent": AgentJson | None})

    def __init__(self, agent: AgentJson | None, *, is_callers: bool = False) -> None:
        """`agent` has it; `is_callers` says that this is who is told so."""
        self.agent = agent
        super().__init__(gettext("{name} was faster.").format(name=agent["name"]) if agent and not is_callers else None)

    def details(self) -> dict[str, Any]:
        return {"agent": self.agent}


class InvalidStatus(Conflict):
    code = "INVALID_STATUS"
    default_message = _("The status of the conversation does not allow this.")


class QueueFull(Conflict):
    code = "QUEUE_FULL"
    default_message = _("Too many people are waiting for an agent. Please ask again later, or leave an e-mail address.")


class OfferGone(Conflict):
    code = "OFFER_GONE"
    default_message = _("This offer is over.")
    detail_types = MappingProxyType({"agent": AgentJson | None})

    def __init__(self, agent: AgentJson | None) -> None:
        """`agent` has the session now."""
        self.agent = agent
        super().__init__()

    def details(self) -> dict[str, Any]:
        return {"agent": self.agent}


class AgentUnavailable(Conflict):
    code = "AGENT_UNAVAILABLE"
    default_message = _("This agent cannot take the conversation.")


class TooManyAttachments(Conflict):
    code = "TOO_MANY_ATTACHMENTS"
    default_message = _("Too many files have not been sent yet. Please send some of them first.")


class NotRatable(Conflict):
    code = "NOT_RATABLE"
    default_message = _("This conversation cannot be rated, or has been rated already.")


class NoLanguageModel(Conflict):
    code = "NO_LANGUAGE_MODEL"
    default_message = _("No language model is set up that could do this.")


class BodyTooLarge(ApiError):
    code = "BODY_TOO_LARGE"
    http_status = 413
    default_message = _("The request is too large.")


class FileTooLarge(ApiError):
    code = "FILE_TOO_LARGE"
    http_status = 413
    default_message = _("The file is too large.")


class UnsupportedMediaType(ApiError):
    code = "UNSUPPORTED_MEDIA_TYPE"
    http_status = 415
    default_message = _("The request body must be application/json.")


class FileType(ApiError):
    code = "FILE_TYPE"
    http_status = 415
    default_message = _("The file is not what its name says, or it is damaged.")


class RateLimited(ApiError):
    code = "RATE_LIMITED"
    http_status = 429
    default_message = _("That was too much at once. Please try again in a moment.")

    def __init__(self, wait_seconds: float, message: Promise | str | None = None) -> None:
        self.headers = {"Retry-After": str(max(1, math.ceil(wait_seconds)))}
        super().__init__(message)


class InternalError(ApiError):
    code = "INTERNAL_ERROR"
    http_status = 500
    default_message = _("Something went wrong on our side.")


class DatabaseUnavailable(ApiError):
    code = "DATABASE_UNAVAILABLE"
    http_status = 503
    default_message = _("The service is busy. Please try again in a moment.")
    headers = {"Retry-After": "1"}


class LanguageModelTrouble(ApiError):
    code = "LANGUAGE_MODEL_TROUBLE"
    http_status = 503
    default_message = _("The language model gave no answer. Please try again in a moment.")
    headers = {"Retry-After": "5"}


class FilesUnavailable(ApiError):
    code = "FILES_UNAVAILABLE"
    http_status = 503
    default_message = _("Files cannot be taken at the moment. Please try again in a moment.")
    headers = {"Retry-After": "5"}
