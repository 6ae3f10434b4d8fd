"""`python -m chatbot.knowledge.retrieval answer FD DATABASE` and `… fit DATABASE`: the processes that compute.

Started by `process.py` and `fitting.py`, which set the environment: one thread, since a question is one row.
"""

import os
import signal
import socket
import sys

import django
from django.conf import settings

FIT_NICENESS = 10  # nobody waits for it as for an answer


def main(arguments: list[str]) -> None:
    django.setup()
    *what, database = arguments
    settings.DATABASES["default"]["NAME"] = database  # of who started it, whatever its environment says
    if what[0] == "fit":
        from chatbot.knowledge.retrieval.fit_program import run_fit

        os.nice(FIT_NICENESS)
        run_fit()
        return
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # it ends with who started it, who may still have something to ask
    from chatbot.knowledge.retrieval.answer_program import answer_questions

    answer_questions(socket.socket(fileno=int(what[1])))


if __name__ == "__main__":
    main(sys.argv[1:])
