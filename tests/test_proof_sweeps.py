"""A short version of `python -m tests.proofs sweeps`: the server of a sweep is killed, no finished trial is lost."""

import pytest

from tests.proofs import sweeps
from tests.proofs.finding import unmet


@pytest.mark.full  # `test_killed_sweep` kills one server
@pytest.mark.processes
@pytest.mark.slow
def test_no_finished_trial_is_lost_or_trained_again_however_often_the_server_is_killed():
    assert unmet(sweeps.prove(3)) == []
