"""The bots: a question with its context in; text, sources, a confidence and an action out (`interface.py`)."""
