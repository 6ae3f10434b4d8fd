"""What a caller shows to prove that a session is theirs."""

import hashlib
import hmac
from dataclasses import dataclass

from chatbot.models import ChatSession


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a caller shows, as digests: the key of each cookie, and the token.

    `linked` are the keys (linked_key) of sessions that were opened by a link of an e-mail.
    """

    owner_digests: tuple[str, ...]
    token_digest: str | None
    linked: tuple[str, ...] = ()

    @property
    def shown(self) -> tuple[str, ...]:
        token = () if self.token_digest is None else (self.token_digest,)
        return (*self.owner_digests, *token, *self.linked)

    def covers_session(self, session: ChatSession) -> bool:
        return self.covers(session.owner_digest, session.token_digest, session.customer_email)

    def covers(self, owner_digest: str, token_digest: str, email: str) -> bool:
        """Whether it is for the session that has these, and whose customer has this address."""
        if any(_same(shown, owner_digest) for shown in self.owner_digests) or _same(self.token_digest, token_digest):
            return True
        return bool(self.linked) and any(_same(shown, linked_key(token_digest, email)) for shown in self.linked)


def linked_key(token_digest: str, email: str) -> str:
    """What a link to this address gives for a session: nothing any more once its customer has another address."""
    return hashlib.sha256(f"{token_digest} {email}".encode()).hexdigest()


def _same(shown: str | None, stored: str) -> bool:
    return shown is not None and hmac.compare_digest(shown, stored)
