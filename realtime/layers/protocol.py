"""What the relay needs of a layer, and a layer of its receiver."""

import asyncio
from collections.abc import Collection, Sequence
from typing import Protocol

Message = tuple[str, bytes]  # channel (its group name), encoded envelope


class Receiver(Protocol):
    """Is handed what a layer brings. Called in the home loop; must neither wait nor raise."""

    def take(self, messages: Sequence[Message]) -> None:
        """All that came at once, each channel's messages in the order in which they were published."""

    def link_changed(self, degraded_since: float | None) -> None:
        """The layer does not reach other processes since then; None: it does again."""


class Layer(Protocol):
    """Carries messages to the members of their channels, in this process and, if it can, in others.

    Lives in one event loop. It may lose, repeat and delay messages: numbering, order and repair are the relay's. The
    caller joins a channel before it counts on its messages and reads the log only after `join` has returned. The
    first use begins to connect.
    """

    @property
    def reaches_others(self) -> bool:
        """Whether, as far as is known, messages reach other processes now."""

    async def open(self, receiver: Receiver) -> None:
        """Hand over to this receiver; returns once a first attempt to connect has ended, in about a second. Never
        raises."""

    def publish(self, messages: Sequence[Message]) -> "asyncio.Future[Sequence[Message]]":
        """Begin to send, in order, in this turn of the loop; resolves within 0.6 s to those that were not taken.

        Before a first attempt to connect has ended it waits for that, too. A message that was not taken may arrive
        nevertheless. Never raises.
        """

    async def join(self, channels: Collection[str]) -> bool:
        """Have these channels' messages brought from now on; whether all of that was acknowledged, within 0.3 s.

        If it was not, they are brought once the layer can.
        """

    def leave(self, channels: Collection[str]) -> None:
        """Have these channels' messages no longer brought. Returns at once."""

    async def close(self) -> None:
        """Give up what is unsent and close the connections; they come back with the next use."""
