"""How many streams may be open at once for one session, login or address: settings.REALTIME_STREAM_LIMITS.

{limit: number}; a limit that it does not name does not exist. Each process counts its own streams, also
those that are being opened: the limits protect its memory. All processes together may have that many times as much.
"""

import logging
import time
from collections import Counter
from collections.abc import Iterable

from django.conf import settings

from realtime import metrics

logger = logging.getLogger(__name__)

LOG_SECONDS = 60.0

Key = tuple[str, str]  # which limit, and whose streams


class TooManyStreams(Exception):
    """One of the limits is reached."""


class StreamLimits:
    """The open streams of a process by whose they are. Lives in the home loop."""

    def __init__(self) -> None:
        self._open: Counter[Key] = Counter()
        self._may_log_at = 0.0

    def take(self, key: Key) -> list[Key]:
        """Count one stream more; returns what to give back when it ends. Raises TooManyStreams."""
        limit, _ = key
        most = getattr(settings, "REALTIME_STREAM_LIMITS", {}).get(limit)
        if most is None:
            return []
        if self._open.get(key, 0) >= most:
            self._tell(limit)
            raise TooManyStreams(limit)
        self._open[key] += 1
        return [key]

    def give_back(self, keys: Iterable[Key]) -> None:
        for key in keys:
            self._open[key] -= 1
            if not self._open[key]:
                del self._open[key]

    def _tell(self, limit: str) -> None:
        """Count a refusal, and log one a minute."""
        metrics.STREAMS_REFUSED.labels(limit).inc()
        now = time.monotonic()
        if now >= self._may_log_at:
            self._may_log_at = now + LOG_SECONDS
            logger.warning("refused a stream, too many are open limit=%s", limit)
