"""A short version of `python -m tests.proofs crashes`: processes die under three runs, and nothing is lost.

More than a minute, so before a release only; `tests/engine/test_real_workers.py` holds it for one run that is killed.
"""

import pytest

from tests.proofs import crashes
from tests.proofs.finding import unmet


@pytest.mark.processes
@pytest.mark.slow
@pytest.mark.parametrize("n", [pytest.param(n, marks=pytest.mark.full) for n in (2, 8)])
def test_runs_survive_their_server_and_their_worker_and_end_as_if_nothing_had_been(n):
    assert unmet(crashes.prove(n)) == []
