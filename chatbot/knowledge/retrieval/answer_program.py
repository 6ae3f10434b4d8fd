"""The process that answers: it is asked over a socket, and looks once a second for what has changed."""

import logging
import secrets
import select
import socket
import time

from django.db import DatabaseError, InterfaceError, connection

from chatbot.knowledge.retrieval import frames
from chatbot.knowledge.retrieval.encoders import Encoders
from chatbot.knowledge.retrieval.in_use import INSTALL_SECOND, encoders_in_use, lacks_second
from chatbot.knowledge.retrieval.library import Library
from chatbot.knowledge.retrieval.readers import forget_reader, note_reader
from realtime.throttled_log import ThrottledLog

LOOK_SECONDS = 1.0
NOTE_SECONDS = 3.0

logger = logging.getLogger(__name__)


def answer_questions(asks: socket.socket) -> None:
    """Answer until who asks has gone, however he went: his end of the socket is closed then."""
    if lacks_second():
        logger.warning("BOT_ENCODER=two, and one encoder answers: the second is not installed: %s", INSTALL_SECOND)
    encoders = Encoders(encoders_in_use())
    encoders.load()
    looking = Looking(Library(encoders))
    while not looking.look():
        pass
    frames.send(asks, {"ready": True})
    while True:
        if not select.select([asks], [], [], looking.seconds_to_next())[0]:
            looking.look()
            continue
        question = frames.receive(asks)
        if question is None:
            looking.end()
            return
        frames.send(asks, {"found": looking.library.find(question["text"])})
        if not looking.seconds_to_next():
            looking.look()


class Looking:
    """Keeps a library up to date, and says so, as well as the database allows."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self._name = secrets.token_hex(8)
        self._next_look = 0.0
        self._next_note = 0.0
        self._noted = -1
        self._faults = ThrottledLog()

    def seconds_to_next(self) -> float:
        return max(0.0, self._next_look - time.monotonic())

    def look(self) -> bool:
        """Whether all of it is there that was seen."""
        is_complete = True
        try:
            is_complete = self.library.refresh()
            self._next_look = time.monotonic() + (LOOK_SECONDS if is_complete else 0)
            self._note()
        except (DatabaseError, InterfaceError) as error:
            self._next_look = time.monotonic() + LOOK_SECONDS
            self._faults.warning(logger, "could not look for changes of the knowledge base: %s", type(error).__name__)
            connection.close()
        return is_complete

    def _note(self) -> None:
        revision = self.library.fitted_revision
        if revision != self._noted or time.monotonic() >= self._next_note:
            note_reader(self._name, revision)
            self._noted, self._next_note = revision, time.monotonic() + NOTE_SECONDS

    def end(self) -> None:
        try:
            forget_reader(self._name)
        except (DatabaseError, InterfaceError):
            logger.warning("an ended reader of the knowledge base is still noted, for some seconds")
