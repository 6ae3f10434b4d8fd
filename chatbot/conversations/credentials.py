"""What a caller shows to prove that a session is theirs."""

import hmac
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a caller shows, as digests: the key of each cookie, and the token.

    `linked` are the digests of the tokens of sessions that were opened by a link of an e-mail.
    """

    owner_digests: tuple[str, ...]
    token_digest: str | None
    linked: tuple[str, ...] = ()

    @property
    def shown(self) -> tuple[str, ...]:
        token = () if self.token_digest is None else (self.token_digest,)
        return (*self.owner_digests, *token, *self.linked)

    def covers(self, owner_digest: str, token_digest: str) -> bool:
        owns = any(_same(shown, owner_digest) for shown in self.owner_digests)
        return owns or any(_same(shown, token_digest) for shown in (self.token_digest, *self.linked))


def _same(shown: str | None, stored: str) -> bool:
    return shown is not None and hmac.compare_digest(shown, stored)
