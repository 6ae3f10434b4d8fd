"""The numbers of retrieval, on made-up texts in no time: grams, spaces, heads, confidences, archives."""

import numpy as np
import pytest

from chatbot.knowledge.language import ENGLISH
from chatbot.knowledge.retrieval import archive
from chatbot.knowledge.retrieval.calibration import Examples, Kind, together, try_round
from chatbot.knowledge.retrieval.confidence import fit_confidence
from chatbot.knowledge.retrieval.encoder import DIMENSIONS, Floats, to_length_one
from chatbot.knowledge.retrieval.fit_shelf import Filed, fit_shelf, quick_shelf
from chatbot.knowledge.retrieval.grams import grams_of, weigh
from chatbot.knowledge.retrieval.head import fit_head
from chatbot.knowledge.retrieval.shelf import Added, Asked, Shelf, with_entries
from chatbot.knowledge.retrieval.space import KEPT_DIMENSIONS, find_directions, fit_space

ANSWERS, EXAMPLES = 12, 12
CHANCE = np.random.default_rng(1)
CENTERS = CHANCE.standard_normal((ANSWERS + 1, DIMENSIONS), np.float32)


def near(answer: int, count: int) -> Floats:
    """Vectors of texts that mean nearly the same."""
    return to_length_one(CENTERS[answer] + 0.5 * CHANCE.standard_normal((count, DIMENSIONS), np.float32))


def made_up(answers: int = ANSWERS, examples: int = EXAMPLES) -> Filed:
    texts = [[f"question {answer} said {example}" for example in range(examples)] for answer in range(answers)]
    vectors = np.concatenate([near(answer, examples) for answer in range(answers)])
    return Filed(ENGLISH, [f"key-{answer}" for answer in range(answers)], texts, vectors)


def ask(
    shelf: Shelf, vector: Floats, text: str = "something else", *, is_chinese: bool = False
) -> list[tuple[int, float]]:
    return shelf.find(Asked(text, vector, grams_of(text), is_chinese))


@pytest.fixture(scope="module")
def shelf() -> Shelf:
    return fit_shelf(made_up(), lambda done: None)


def test_a_text_is_like_itself_and_less_like_another() -> None:
    texts = [grams_of(text) for text in ("where is my parcel", "where is my order", "支付失败怎么办")]
    rows = weigh(texts).vectors(texts)
    likeness = rows @ rows.T
    assert likeness[0, 0] == pytest.approx(1, abs=1e-5)
    assert 0.2 < likeness[0, 1] < 0.9
    assert abs(likeness[0, 2]) < 0.1


def test_grams_that_the_base_does_not_have_count_nothing() -> None:
    weights = weigh([grams_of("parcel")])
    assert not weights.vectors([grams_of("支付")]).any()


@pytest.mark.parametrize("examples", [2, EXAMPLES])
def test_in_few_directions_texts_lie_as_in_all(examples: int) -> None:
    filed = made_up(ANSWERS, examples)
    grams = [grams_of(text) for texts in filed.texts for text in texts]
    wide = fit_space(filed.vectors, grams, 0.2, filed.vectors.mean(0)).place(filed.vectors, grams)
    narrow = wide @ find_directions(wide)
    assert narrow.shape[1] <= KEPT_DIMENSIONS
    assert np.allclose(narrow @ narrow.T, wide @ wide.T, atol=1e-4)


def test_each_answer_is_found_by_what_is_near_it(shelf: Shelf) -> None:
    for answer in range(ANSWERS):
        [(found, confidence), *_] = ask(shelf, near(answer, 1))
        assert found == answer
        assert confidence > 0.5


def test_what_is_near_no_answer_is_not_sure(shelf: Shelf) -> None:
    assert ask(shelf, near(ANSWERS, 1))[0][1] < 0.5


def test_what_is_said_in_exactly_known_words_is_sure(shelf: Shelf) -> None:
    assert ask(shelf, near(3, 1), "Question 5 said 2?")[0] == (5, 1.0)


def test_candidates_are_less_sure_one_by_one(shelf: Shelf) -> None:
    confidences = [confidence for _, confidence in ask(shelf, near(2, 1))]
    assert len(confidences) == 5
    assert confidences == sorted(confidences, reverse=True)


def test_a_question_in_another_script_finds_the_same(shelf: Shelf) -> None:
    assert ask(shelf, near(4, 1), "别的问题", is_chinese=True)[0][0] == 4


def test_what_is_stored_and_read_says_the_same(shelf: Shelf) -> None:
    [again] = archive.unpack(archive.pack([shelf]))
    for is_chinese in (False, True):
        for answer in range(ANSWERS):
            vector = near(answer, 1)
            before, after = (ask(each, vector, is_chinese=is_chinese)[0] for each in (shelf, again))
            assert after[0] == before[0]
            assert after[1] == pytest.approx(before[1], abs=0.02)


def test_the_vectors_of_what_was_stored_are_known_by_text(shelf: Shelf) -> None:
    vectors = archive.unpack_vectors(archive.pack([shelf]))
    assert len(vectors) == ANSWERS * EXAMPLES
    assert np.allclose(vectors["question 1 said 0"], shelf.vectors[EXAMPLES], atol=1e-3)


def test_an_answer_that_is_gone_is_not_found(shelf: Shelf) -> None:
    without = with_entries(shelf, ["key-3"], [])
    assert 3 not in [answer for answer, _ in ask(without, near(3, 1))]
    assert ask(without, near(3, 1), "question 3 said 1")[0][1] < 0.5


def test_an_answer_that_came_later_is_found(shelf: Shelf) -> None:
    text = "a new question"
    added = Added("key-new", [text], near(ANSWERS, 1), [grams_of(text)])
    grown = with_entries(shelf, [], [added])
    found, confidence = ask(grown, near(ANSWERS, 1), "another new question")[0]
    assert (grown.keys[found], confidence > 0.5) == ("key-new", True)
    assert confidence > ask(shelf, near(ANSWERS, 1), "another new question")[0][1]
    assert ask(grown, near(2, 1))[0][0] == 2


def test_a_shelf_in_no_time_finds_too() -> None:
    quick = quick_shelf(made_up(3, 1))
    assert [ask(quick, near(answer, 1))[0][0] for answer in range(3)] == [0, 1, 2]


def test_one_entry_alone_is_a_shelf() -> None:
    quick = fit_shelf(made_up(1, 1), lambda done: None)
    assert ask(quick, near(0, 1))[0][1] > ask(quick, near(5, 1))[0][1]


def test_a_confidence_never_falls_when_a_likeness_rises() -> None:
    features = CHANCE.standard_normal((400, 5)).astype(np.float32)
    is_right = features[:, 1] - features[:, 0] + CHANCE.standard_normal(400) > 0
    confidence = fit_confidence(features, is_right, CHANCE.random(400) > 0.5)
    assert (confidence.coefficients[:-1] >= 0).all()
    assert confidence.coefficients[1] > 0.5


def test_a_head_is_tried_out_on_texts_that_it_has_not_seen() -> None:
    filed = made_up()
    grams = [grams_of(text) for texts in filed.texts for text in texts]
    examples = Examples(filed.vectors, grams, np.repeat(np.arange(ANSWERS), EXAMPLES))
    space = fit_space(filed.vectors, grams, 0.2, filed.vectors.mean(0))
    tried = together([try_round(Kind(0.2, 20), examples, number, space, by_centroids=False) for number in range(5)])
    assert not tried.is_right[~tried.is_in_scope].any()
    assert tried.is_right[tried.is_in_scope].mean() > 0.9
    assert (~tried.is_in_scope).sum() == ANSWERS * EXAMPLES


def test_where_answers_have_one_example_centroids_and_a_fit_rank_alike() -> None:
    filed = made_up(ANSWERS, 1)
    grams = [grams_of(text) for [text] in filed.texts]
    space = fit_space(filed.vectors, grams, 0.2, filed.vectors.mean(0))
    placed = space.place(filed.vectors, grams)
    known = filed.vectors.astype(np.float16)
    asked = np.concatenate([near(answer, 3) for answer in range(ANSWERS)])
    places = space.place(asked, [grams_of("")] * len(asked))
    chosen = [
        fit_head(space, placed, np.arange(ANSWERS), 20, by_centroids=by_centroids).read(places, asked, known).chosen
        for by_centroids in (True, False)
    ]
    assert (chosen[0] == chosen[1]).mean() > 0.9
