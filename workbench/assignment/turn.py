"""One process of all assigns: the others save themselves the work. What is right does not depend on it."""

from datetime import timedelta

from realtime.log import leases

LEASE = "assignment"
# Renewed with everything that its holder writes, and left to run out: after a death another one goes on within 2 s.
TURN = timedelta(seconds=1)


class NotOurTurn(Exception):
    """There is something to do, and another process has the lease: it does it, or it has died."""


def take_turn() -> None:
    """Take or renew the lease, only when there is something to write. Raises NotOurTurn."""
    if not leases.hold(LEASE, TURN):
        raise NotOurTurn
