"""The knowledge base: who edits it (`entries.py`), and what of it fits a question (`search.py`)."""
