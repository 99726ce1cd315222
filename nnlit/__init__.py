"""Neural networks from scratch, formula by formula, in NumPy.

The modules, in the order of the book: `datasets`, `perceptron`,
`activations`, `losses`, `descent`, `logistic`, `network`, `initializers`,
`optimizers`, `regularization`, `training`, `mlp`, `residual`. Beside them
stand `types`, `checks` (what comes in is checked there), `estimator` (what
fitted models have in common), `gradcheck` and `storage` (networks in files).
"""

__version__ = "0.1.0"
