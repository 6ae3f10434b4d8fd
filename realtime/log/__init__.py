"""The truth about what was sent: gapless numbers per channel, written in the caller's transaction, read in batches."""

from realtime.log.reading import Head, heads, moved, read, read_part
from realtime.log.writing import append, take_numbers

__all__ = ["Head", "append", "heads", "moved", "read", "read_part", "take_numbers"]
