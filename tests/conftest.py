"""Settings that all tests share."""

from __future__ import annotations

from hypothesis import settings

# The same examples on every run and machine, however slow.
settings.register_profile("nnlit", derandomize=True, deadline=None)
settings.load_profile("nnlit")
