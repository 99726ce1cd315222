"""Collects the code blocks of the pages as tests (see literate.examples)."""

from literate.examples import sybil_parser
from sybil import Sybil

pytest_collect_file = Sybil(parsers=[sybil_parser], path="docs", pattern="**/*.md").pytest()
