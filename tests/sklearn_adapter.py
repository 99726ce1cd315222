"""Our estimators as scikit-learn's checks want them: for tests only.

The package doesn't import scikit-learn, so what its checks ask for beyond
the protocol stands here: a base class with tags, its own NotFittedError, and
its wording. Errors are raised by our door and only said in other words (the
checks look for theirs); an error that our door doesn't raise isn't raised
here either. What the checks ask for and don't get is listed with its reason
in test_against_sklearn.py.
"""

from __future__ import annotations

import functools
import re

from scipy.sparse import issparse
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.exceptions import NotFittedError as TheirNotFittedError

from nnlit.estimator import NotFittedError
from nnlit.mlp import MLPClassifier, MLPRegressor

# what our message holds, how scikit-learn says it
WORDS = [
    (r"must have (\d+) features as in fit, got (\d+)",
     r"X has \2 features, but {name} is expecting \1 features as input"),
    (r"at least one row and one column, got shape \((\d+), 0\)",
     r"0 feature(s) (shape=(\1, 0)) while a minimum of 1 is required."),
    (r"at least one row and one column, got shape \(0, (\d+)\)",
     r"Found array with 0 sample(s)"),
    (r"must be finite, got", r"Input contains NaN or infinity"),
    (r"must have 2 dimensions \(n, d\)", r"Reshape your data"),
    (r"at least 2 classes, got 1", r"only one class"),
    (r"got fractions", r"Unknown label type: continuous"),
    (r"must hold real numbers, got complex", r"Complex data not supported"),
]  # fmt: skip


def in_their_words(method):
    @functools.wraps(method)
    def said(self, X, *args, **kwargs):
        try:
            return method(self, X, *args, **kwargs)
        except NotFittedError as error:
            raise TheirNotFittedError(str(error)) from error
        except (TypeError, ValueError) as error:
            message = str(error)
            if issparse(X) and message == "X must hold real numbers, got object":
                raise TypeError(f"sparse input is not supported: {message}") from error
            if args and args[0] is None and message.startswith("y must h"):
                raise ValueError("requires y to be passed, but the target y is None") from error
            for ours, theirs in WORDS:
                found = re.search(ours, message)
                if found:
                    theirs = found.expand(theirs).replace("{name}", type(self).__name__)
                    raise ValueError(f"{theirs} ({message})") from error
            raise

    return said


class Adapter(BaseEstimator):
    def __init_subclass__(cls):
        super().__init_subclass__()
        for name in ("fit", "partial_fit", "predict", "predict_proba", "predict_log_proba"):
            if hasattr(cls, name):
                setattr(cls, name, in_their_words(getattr(cls, name)))


class ClassifierAdapter(MLPClassifier, ClassifierMixin, Adapter):
    pass


class RegressorAdapter(MLPRegressor, RegressorMixin, Adapter):
    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
