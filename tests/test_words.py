"""Words, vocabularies and bags of words, by hand and beside scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer

from nnlit.words import bag_of_words, tokenize, vocabulary

TEXTS = [
    "Win a PRIZE now, win it now!",
    "Are you home at 7 or at 18:30?",
    "",
    "Ich hätte gern den Preis, don’t you?",
]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Win, win; WIN!", ["win", "win", "win"]),
        ("call 0800 12 now", ["call", "0", "0", "now"]),
        ("don't DON’T 'quoted'", ["don't", "don't", "quoted"]),
        ("b4 and_so on", ["b", "0", "and", "so", "on"]),
        ("Ärger naïve", ["ärger", "naïve"]),
        (" \n\t…!?", []),
    ],
)
def test_words_are_runs_of_letters_or_of_digits(text, expected):
    assert tokenize(text) == expected


def test_counts_are_scikit_learns_with_the_same_words():
    reference = CountVectorizer(analyzer=tokenize)
    counts = reference.fit_transform(TEXTS).toarray()
    known = vocabulary(TEXTS)
    assert list(known) == reference.get_feature_names_out().tolist()
    np.testing.assert_array_equal(bag_of_words(TEXTS, known), counts)


def test_min_count_counts_texts_not_occurrences():
    texts = ["spam spam spam", "eggs", "eggs and ham"]
    assert vocabulary(texts, min_count=2) == ("eggs",)
    assert vocabulary(iter(texts), min_count=3) == ()


def test_unknown_words_are_left_out_and_no_text_is_a_row_of_zeros():
    X = bag_of_words(["a b a c", "", "c"], ("b", "a"))
    assert X.tolist() == [[1, 2], [0, 0], [0, 0]]
    assert X.dtype == float
    assert bag_of_words([], ("a",)).shape == (0, 1)
    assert bag_of_words(["a"], ()).shape == (1, 0)


def test_one_text_alone_counts_as_one_text():
    assert vocabulary("one text") == ("one", "text")
    assert bag_of_words("one text one", ("one",)).tolist() == [[2]]


def test_an_array_of_texts_does_as_a_list():
    array = np.array(["a b", "b"], dtype=object)
    assert bag_of_words(array, vocabulary(array)).tolist() == [[1, 1], [0, 1]]


@pytest.mark.parametrize("text", [None, 3, b"bytes", ["list"]])
def test_what_is_not_a_text_is_refused_by_name(text):
    for call in (tokenize, lambda t: vocabulary([t]), lambda t: bag_of_words([t], ())):
        with pytest.raises(TypeError, match=r"^texts? must hold str, got"):
            call(text)


def test_bad_vocabularies_are_refused():
    with pytest.raises(ValueError, match="known must list every word once"):
        bag_of_words(["a"], ("a", "b", "a"))
    with pytest.raises(ValueError, match="min_count"):
        vocabulary(["a"], min_count=0)
