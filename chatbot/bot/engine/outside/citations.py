"""Numbers in brackets by which an answer says from which passage it is: `[2]`."""

import re

_CITATION = re.compile(r"\s{0,3}[\[【]\s{0,3}(\d{1,2}(?:\s?[,，、]\s?\d{1,2}){0,9})\s{0,3}[\]】]")
# The end of a text that may become one with what comes.
_BEGINNING = re.compile(r"\s{0,3}[\[【][\d\s,，、]{0,20}$")
# What RAGFlow writes for documents that come apart from the text, in its two forms.
_RAGFLOW = re.compile(r"\s{0,3}(?:\[ID:\s?\d{1,4}\]|##\d{1,4}\$\$)")
_RAGFLOW_BEGINNING = re.compile(r"\s{0,3}(?:\[(?:I(?:D(?::\s?\d{0,4})?)?)?|##?(?:\d{1,4}\$?)?)$")

LONGEST = 40  # characters of a citation, and of the white space before it

UNSURE = 0  # what stands for "none of them", by which an answer says that it is none


class Citations:
    """Leaves those of passages that there are, numbered anew in the order in which they come; takes all others out."""

    def __init__(self, passages: int) -> None:
        self._passages = passages
        self.cited: list[int] = []  # numbers of passages, 1 is the first
        self.says_unsure = False

    def beginning(self, text: str) -> int:
        """Where in the text the beginning of one stands at its end; its length if there is none."""
        return _beginning(_BEGINNING, text)

    def rewrite(self, text: str) -> str:
        return _CITATION.sub(self._replace, text)

    def _replace(self, found: re.Match[str]) -> str:
        numbers = [int(each) for each in re.findall(r"\d+", found[1])]
        self.says_unsure |= UNSURE in numbers
        known = [self._number(each) for each in dict.fromkeys(numbers) if 0 < each <= self._passages]
        space = found[0][: len(found[0]) - len(found[0].lstrip())]
        return space + "".join(f"[{each}]" for each in known) if known else ""

    def _number(self, passage: int) -> int:
        if passage not in self.cited:
            self.cited.append(passage)
        return self.cited.index(passage) + 1


class NoCitations:
    """For bots to which no passages are sent: what stands in brackets is their own."""

    def beginning(self, text: str) -> int:
        return len(text)

    def rewrite(self, text: str) -> str:
        return text


class RagflowCitations:
    """Takes them out: the documents are shown beside the answer."""

    def beginning(self, text: str) -> int:
        return _beginning(_RAGFLOW_BEGINNING, text)

    def rewrite(self, text: str) -> str:
        return _RAGFLOW.sub("", text)


def _beginning(pattern: re.Pattern[str], text: str) -> int:
    """Only the last characters can be it: a text is looked through once, not anew with each piece."""
    before = max(0, len(text) - LONGEST)
    found = pattern.search(text, before)
    return found.start() if found else len(text)
