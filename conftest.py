"""Collects the code blocks of the pages as tests (see literate.examples).

Those of the labs run in a kernel, see tests/test_notebooks.py.
"""

from sybil import Sybil

from literate.examples import sybil_parser

pytest_collect_file = Sybil(
    parsers=[sybil_parser], path="docs", pattern="**/*.md", excludes=["notebooks/*.md"]
).pytest()
