"""What a caller shows to prove that a session is theirs."""

import hmac
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a caller shows, as digests: the key of each cookie, and the token."""

    owner_digests: tuple[str, ...]
    token_digest: str | None

    @property
    def shown(self) -> tuple[str, ...]:
        return self.owner_digests if self.token_digest is None else (*self.owner_digests, self.token_digest)

    def covers(self, owner_digest: str, token_digest: str) -> bool:
        owns = any(_same(shown, owner_digest) for shown in self.owner_digests)
        return owns or _same(self.token_digest, token_digest)


def _same(shown: str | None, stored: str) -> bool:
    return shown is not None and hmac.compare_digest(shown, stored)
