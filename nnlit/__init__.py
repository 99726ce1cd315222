"""Neural networks from scratch, formula by formula, in NumPy.

The modules, in the order of the book: `datasets`, `perceptron`,
`activations`, `losses`, `descent`, `logistic`. Beside them stand `types`,
`checks` (what comes in is checked there) and `estimator` (what fitted models
have in common).
"""

__version__ = "0.1.0"
