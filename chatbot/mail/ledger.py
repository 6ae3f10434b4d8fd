"""Which replies are to go to whom by e-mail, and which have gone: the only writer of ReplyMail.

Messages are claimed in a transaction before they are sent, and a claim is given back only where the mail server has
refused. So if a process dies in between they were sent at most once: nobody knows then whether the server has them, and
twice the same is worse than what stays in the conversation anyway. What agents write later is sent.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from chatbot.conversations.attachments import read_files
from chatbot.conversations.locking import lock_if_free, share
from chatbot.models import ChatSession, MailState, Message, Presence, ReplyMail, Role, is_held

# What is older was before the mail was set up, or nobody waits for it any more.
MAX_AGE = timedelta(days=1)
# In one e-mail, and in one look.
MAX_MESSAGES = 50
MAX_LETTERS = 50
# After attempts that failed; after the last one it is given up.
PAUSES = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))


@dataclass(frozen=True, slots=True)
class Work:
    """Sessions, by id, to be noted as absent or back; and by name, to be written to."""

    gone: Sequence[int]
    back: Sequence[int]
    due: Sequence[str]

    def __bool__(self) -> bool:
        return bool(self.gone or self.back or self.due)


@dataclass(frozen=True, slots=True)
class Claim:
    """Messages that this process alone is to send now; `before` is up to where the ones before went."""

    session: ChatSession
    messages: Sequence[Message]
    before: int
    attempt: int

    @property
    def up_to(self) -> int:
        return self.messages[-1].pk


def find_work() -> Work:
    """Look at who has replies that he has not seen, and an address; one query."""
    rows = (
        _candidates()
        .annotate(is_here=Exists(_here()), is_due=_is_due())
        .values_list("pk", "name", "is_here", "reply_mail__absent_since", "is_due")
    )
    gone, back, due = [], [], []
    for pk, name, is_here, absent_since, is_due in rows:
        if is_here and absent_since:
            back.append(pk)
        elif not is_here and absent_since is None:
            gone.append(pk)
        elif not is_here and is_due:
            due.append(name)
    return Work(gone, back, due[:MAX_LETTERS])


def note_presence(work: Work) -> None:
    """Note who has gone, and who is back; the next look has those whose session somebody has locked."""
    with transaction.atomic():
        ReplyMail.objects.bulk_create([ReplyMail(session_id=pk) for pk in share(work.gone)], ignore_conflicts=True)
    ReplyMail.objects.filter(session__in=work.gone, absent_since=None).update(absent_since=Now())
    ReplyMail.objects.filter(session__in=work.back).update(absent_since=None, attempts=0, next_try_at=None)


def claim(session_name: str) -> Claim | None:
    """Claim what is to be sent of a session, if it still is; None otherwise. Locks the session.

    Where the customer's address is none, nothing is claimed and the failure noted; it is looked at again in two hours.
    """
    with transaction.atomic():
        locked = lock_if_free(session_name)
        if locked is None:
            return None
        session = locked.session
        if not _candidates().filter(~Exists(_here()), _is_due(), pk=session.pk).exists():
            return None
        mail = ReplyMail.objects.get(session=session)
        unsent = _unanswered().filter(session=session, id__gt=max(session.customer_seen, mail.up_to))
        messages = list(unsent.select_related("agent").order_by("id")[:MAX_MESSAGES])
        read_files(messages)
        found = Claim(session, messages, mail.up_to, mail.attempts + 1)
        is_address = _is_address(session.customer_email)
        mail.at = locked.now
        if is_address:
            mail.up_to, mail.state = found.up_to, MailState.SENDING
            mail.attempts, mail.next_try_at = found.attempt, None
        else:  # he may correct it
            mail.state, mail.next_try_at = MailState.FAILED, locked.now + PAUSES[-1]
        mail.save()
        return found if is_address else None


def note_sent(found: Claim) -> None:
    _of(found).update(state=MailState.SENT, at=Now(), attempts=0)


def note_failure(found: Claim) -> bool:
    """Give the messages back, to be tried again later, or give them up; whether they will be tried again."""
    if found.attempt > len(PAUSES):
        _of(found).update(state=MailState.FAILED, at=Now(), attempts=0)
        return False
    pause = PAUSES[found.attempt - 1]
    _of(found).update(state=MailState.DELAYED, at=Now(), up_to=found.before, next_try_at=Now() + pause)
    return True


def _of(found: Claim) -> QuerySet[ReplyMail]:
    return ReplyMail.objects.filter(session=found.session.pk, up_to=found.up_to, state=MailState.SENDING)


def _candidates() -> QuerySet[ChatSession]:
    """Sessions with an address and replies that were neither seen, nor answered, nor sent."""
    recent = ChatSession.objects.filter(last_activity_at__gt=Now() - MAX_AGE).exclude(customer_email="")
    return recent.filter(Exists(_unsent())).order_by("last_activity_at")


def _unsent() -> QuerySet[Message]:
    """Of the session of an outer query."""
    replies = _unanswered().filter(session=OuterRef("pk"), id__gt=OuterRef("customer_seen"))
    unsent = Q(session__reply_mail=None) | Q(id__gt=F("session__reply_mail__up_to"))
    return replies.filter(unsent, created_at__gt=Now() - MAX_AGE).order_by("id")


def _unanswered() -> QuerySet[Message]:
    """Agents' messages after which the customer has not written."""
    answers = Message.objects.filter(session=OuterRef("session"), role=Role.CUSTOMER, id__gt=OuterRef("pk"))
    return Message.objects.filter(~Exists(answers), role=Role.AGENT)


def _here() -> QuerySet[Presence]:
    return Presence.objects.filter(is_held("holder__"), session=OuterRef("pk"))


def _is_due() -> Q:
    """Gone for long enough, and the first reply as old: what an agent writes meanwhile goes with it."""
    since = Now() - timedelta(minutes=settings.MAIL_AFTER_MINUTES)
    rested = Q(reply_mail__next_try_at=None) | Q(reply_mail__next_try_at__lte=Now())
    old_enough = Exists(_unsent().filter(created_at__lte=since))
    return Q(reply_mail__absent_since__lte=since) & rested & Q(old_enough)


def _is_address(text: str) -> bool:
    try:
        validate_email(text)
    except ValidationError:
        return False
    return True
