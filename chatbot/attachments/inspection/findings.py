"""What is said of a file that was looked into."""

from dataclasses import dataclass


class NotThatType(Exception):
    """The content is not what the extension says, or is that and something else, too."""


class TooMuchInside(Exception):
    """It is small as a file and huge when it is unpacked."""


@dataclass(frozen=True, slots=True)
class Size:
    """Of a picture, in pixels."""

    width: int
    height: int
