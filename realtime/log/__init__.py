"""The truth about what was sent: gapless numbers per channel, written in the caller's transaction, read in batches."""

from realtime.log.reading import Head, behind, heads, moved, read, read_part
from realtime.log.writing import append, go_on_after_log, take_numbers

__all__ = ["Head", "append", "behind", "go_on_after_log", "heads", "moved", "read", "read_part", "take_numbers"]
