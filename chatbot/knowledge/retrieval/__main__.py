"""`python -m chatbot.knowledge.retrieval answer FD ENCODERS DATABASE`, `… fit ENCODERS DATABASE`, `… refit …`.

A fit is waited for by somebody, a refit by nobody.

Started by `process.py` and `fitting.py`, which set the environment: one thread, since a question is one row.
"""

import os
import signal
import socket
import sys

import django
from django.conf import settings

REFIT_NICENESS = 10
# Those whose models are read and written: with all that the services have a start takes 0.6 s and 55 MB more.
APPS = ["django.contrib.auth", "django.contrib.contenttypes", "realtime", "chatbot"]


def main(arguments: list[str]) -> None:
    settings.INSTALLED_APPS = APPS
    django.setup()
    *what, encoders, database = arguments
    settings.BOT_ENCODER = int(encoders)  # both of who started it, whatever its environment says
    settings.DATABASES["default"]["NAME"] = database
    if what[0] in ("fit", "refit"):
        from chatbot.knowledge.retrieval.fit_program import run_fit

        os.nice(REFIT_NICENESS if what[0] == "refit" else 0)
        run_fit()
        return
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # it ends with who started it, who may still have something to ask
    from chatbot.knowledge.retrieval.answer_program import answer_questions

    answer_questions(socket.socket(fileno=int(what[1])))


if __name__ == "__main__":
    main(sys.argv[1:])
