"""Retrieval by meaning: a sentence encoder, a head over the known questions, and how sure it is."""
