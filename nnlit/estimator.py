"""What every fitted model has in common: parameters by name, and its state.

The protocol is scikit-learn's: the constructor only stores its arguments
under their own names, `fit` checks them, and what `fit` has learnt has a
name that ends in an underscore.
"""

from __future__ import annotations

import inspect
from typing import Any, Self

from nnlit.checks import nearest

__all__ = ["Estimator", "NotFittedError"]


class NotFittedError(ValueError):
    """A model was asked for an answer before `fit`."""


class Estimator:
    """A model whose parameters are the arguments of its constructor.

    Source: Buitinck et al. (2013), API design for machine learning software,
    arXiv:1309.0238.
    """

    @classmethod
    def _parameter_names(cls) -> list[str]:
        return list(inspect.signature(cls).parameters)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters by name (deep is there for scikit-learn).

        >>> from nnlit.perceptron import Perceptron
        >>> Perceptron(max_iter=10).get_params()["max_iter"]
        10
        """
        return {name: getattr(self, name) for name in self._parameter_names()}

    def set_params(self, **params: Any) -> Self:
        """Change parameters by name and return the model.

        Errors: ValueError for an unknown name; then nothing is changed.

        >>> from nnlit.perceptron import Perceptron
        >>> Perceptron().set_params(max_iter=5).max_iter
        5
        """
        known = self._parameter_names()
        for name in params:
            if name not in known:
                raise ValueError(
                    f"{type(self).__name__} has no parameter {name!r}; "
                    f"known are {', '.join(known)}{nearest(name, known)}"
                )
        for name, value in params.items():
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        """Return the call that makes this model.

        >>> from nnlit.perceptron import Perceptron
        >>> Perceptron(max_iter=10, shuffle=False)
        Perceptron(max_iter=10, learning_rate_init=1.0, shuffle=False, rng=0)
        """
        params = self.get_params().items()
        pairs = ", ".join(f"{name}={value!r}" for name, value in params)
        return f"{type(self).__name__}({pairs})"

    def _check_fitted(self) -> None:
        if not any(name.endswith("_") for name in vars(self)):
            raise NotFittedError(
                f"this {type(self).__name__} is not fitted: call fit first"
            )
