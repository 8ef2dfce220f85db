"""A short version of `python -m tests.proofs watched`: some browsers look on while an experiment is trained."""

import pytest

from tests.proofs import watched
from tests.proofs.finding import unmet


@pytest.mark.full  # `tests/browser` watches one in a real browser
@pytest.mark.processes
@pytest.mark.slow
def test_an_experiment_that_several_watch_completes():
    assert unmet(watched.prove(3)) == []
