"""A short version of `python -m tests.proofs crashes`: processes die under three runs, and nothing is lost."""

import pytest

from tests.proofs import crashes
from tests.proofs.finding import unmet


@pytest.mark.processes
@pytest.mark.slow
@pytest.mark.parametrize("n", [2, pytest.param(8, marks=pytest.mark.full)])
def test_runs_survive_their_server_and_their_worker_and_end_as_if_nothing_had_been(n):
    assert unmet(crashes.prove(n)) == []
