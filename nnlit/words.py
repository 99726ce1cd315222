"""Text as numbers: a message as a bag of its words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from nnlit.checks import check_integer
from nnlit.types import Array

__all__ = ["bag_of_words", "tokenize", "vocabulary"]


def _check_texts(texts: Iterable[str], name: str) -> list[str]:
    """Return a list of texts; a single text counts as one of them.

    >>> _check_texts(["a", 7], "texts")
    Traceback (most recent call last):
    TypeError: texts must hold str, got int
    """
    if isinstance(texts, str):
        return [texts]
    each = list(texts) if isinstance(texts, Iterable) else [texts]
    for text in each:
        if not isinstance(text, str):
            kind = type(text).__name__
            raise TypeError(f"{name} must hold str, got {kind}")
    return each


def tokenize(text: str) -> list[str]:
    """Cut a text into its words, in small letters.

    Formula: a word is a run of letters, with what stands between apostrophes;
    a run of digits, whatever it is, becomes the one word "0".
    Errors: TypeError for what is not a text.
    Source: Manning, Raghavan & Schütze (2008), Introduction to Information
    Retrieval, 2.2.

    >>> tokenize("WIN £1000 now! Don't wait")
    ['win', '0', 'now', "don't", 'wait']
    """
    (text,) = _check_texts([text], "text")
    text = text.lower().replace("’", "'")
    found = re.findall(r"[^\W\d_]+(?:'[^\W\d_]+)*|\d+", text)
    return ["0" if word.isdigit() else word for word in found]


def vocabulary(texts: Iterable[str], min_count: int = 1) -> tuple[str, ...]:
    """List the words that occur, in alphabetical order.

    Formula: every word that stands in at least min_count of the texts.
    Errors: TypeError for what is not a text, ValueError for min_count < 1.
    Source: Manning, Raghavan & Schütze (2008), Introduction to Information
    Retrieval, 1.2.

    >>> vocabulary(["win a prize", "a prize, a prize"], min_count=2)
    ('a', 'prize')
    """
    check_integer(min_count, "min_count", 1)
    texts = _check_texts(texts, "texts")
    counts = Counter(word for text in texts for word in set(tokenize(text)))
    return tuple(sorted(w for w, c in counts.items() if c >= min_count))


def bag_of_words(texts: Iterable[str], known: Sequence[str]) -> Array:
    """Count how often each known word occurs in each text.

    Formula: Xᵢⱼ = how often word j occurs in text i; words that are not
    known, and the order of all words, are lost.
    Shapes: n texts, d known words; the result (n, d).
    Errors: TypeError for what is not a text, ValueError for a word that is
    listed twice.
    Source: Manning, Raghavan & Schütze (2008), Introduction to Information
    Retrieval, 6.2.

    >>> bag_of_words(["a prize, a prize!", "my prize"], ["a", "prize"])
    array([[2., 2.],
           [0., 1.]])
    """
    if isinstance(known, str):
        raise TypeError("known must list words, got str")
    place = {word: j for j, word in enumerate(_check_texts(known, "known"))}
    if len(place) < len(known):
        raise ValueError("known must list every word once")
    texts = _check_texts(texts, "texts")
    X = np.zeros((len(texts), len(known)))
    for i, text in enumerate(texts):
        for word in tokenize(text):
            if word in place:
                X[i, place[word]] += 1
    return X
