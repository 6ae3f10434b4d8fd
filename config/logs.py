"""How the log is written."""

import logging

LINE_ENDS = str.maketrans({"\n": "\\n", "\r": "\\r", "\u2028": "\\u2028"})


class OneLineFormatter(logging.Formatter):
    """An entry is one line, whatever was put into it (an address may hold line ends); only a traceback has more."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        return super().formatMessage(record).translate(LINE_ENDS)
