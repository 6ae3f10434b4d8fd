"""Log once a minute what happens with every request, so that a fault that lasts does not fill the log."""

import logging
import threading
import time
from typing import Any


class ThrottledLog:
    """Logs the first of many entries that say the same, and each minute one more with how many were left out.

    Callable from any thread. One object for each kind of fault, shared by all places that log it.
    """

    def __init__(self, seconds: float = 60.0) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._silent_until = 0.0
        self._left_out = 0

    def warning(self, logger: logging.Logger, message: str, *args: Any) -> None:
        """As logger.warning, unless something was said within the last minute."""
        left_out = self.take_turn()
        if left_out is None:
            return
        if left_out:
            message, args = f"{message} (and %s more like it before)", (*args, left_out)
        logger.warning(message, *args)

    def take_turn(self) -> int | None:
        """How many were left out since the last one; None to leave this one out, too."""
        now = time.monotonic()
        with self._lock:
            if now < self._silent_until:
                self._left_out += 1
                return None
            self._silent_until = now + self._seconds
            left_out, self._left_out = self._left_out, 0
            return left_out
