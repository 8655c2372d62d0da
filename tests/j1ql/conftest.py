"""The option that rewrites the case files."""

from __future__ import annotations

import pytest
from j1ql import casefile


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--update`."""
    parser.addoption("--update", action="store_true", help="rewrite tests/j1ql/cases with today's answers")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Hand out the cases, one a test; or, to rewrite them, whole files."""
    updating = metafunc.config.getoption("--update", default=False)
    if "case" in metafunc.fixturenames:
        cases = [] if updating else [case for path in casefile.files() for case in casefile.read(path)[1]]
        metafunc.parametrize("case", cases, ids=[case.name for case in cases])
    if "case_file" in metafunc.fixturenames:
        metafunc.parametrize("case_file", casefile.files(), ids=lambda path: path.name)
