"""Neural networks from scratch, formula by formula, in NumPy."""

__version__ = "0.1.0"
