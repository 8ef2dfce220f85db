"""The steps of a learning-rate finder are real ones, each at the rate that the curve says."""

from collections.abc import Iterator
from itertools import count

import numpy as np
import pytest

from tests.training.test_trainer import LABELS, POINTS, TRAIN, VALIDATION, Points, classifier
from tl_core.spec import RunSpec
from tl_core.training.clock import Clock
from tl_core.training.events import Event, Phase
from tl_core.training.rate_finder import MOST, rates_to_try
from tl_core.training.rate_tester import RateTester
from tl_core.training.trainer import StopRequested


def rate_tester(source: Points, should_stop=lambda: False) -> RateTester:
    spec = RunSpec(batch_size=8, optimizer="sgd", seed=1)
    return RateTester(classifier(), source, LABELS, TRAIN, VALIDATION, spec, Clock(), should_stop)


def returned(events: Iterator[Event]) -> tuple[list[Event], object]:
    """Returns the events of a computation, and what it returns."""
    seen = []
    while True:
        try:
            seen.append(next(events))
        except StopIteration as end:
            return seen, end.value


def test_the_finder_takes_one_step_at_each_rate_and_ends_where_the_loss_has_left_its_valley():
    source = Points()
    made, plain = rate_tester(source), rate_tester(Points())
    events, curve = returned(made.try_rates())
    tried = [event for event in events if isinstance(event, Phase) and event.name == "rates"]
    assert len(tried) == len(curve.rates) == len(curve.losses) == len(source.trained)
    assert curve.rates[:2] == pytest.approx(rates_to_try(MOST)[:2])
    assert {epoch for epoch, _ in source.trained} == set(range(1, -(-len(curve.rates) // 4) + 1))
    for (_, chosen), rate, loss in zip(source.trained, curve.rates, curve.losses, strict=True):
        plain.model.optimizer.learning_rate = rate
        losses, _ = plain.steps.train(POINTS[np.array([chosen])], LABELS[np.array([chosen])])
        assert loss == pytest.approx(float(losses[0]))


def test_the_finder_stops_when_it_is_asked_to():
    said = count()
    made = rate_tester(Points(), should_stop=lambda: next(said) > 3)
    with pytest.raises(StopRequested):
        returned(made.try_rates())
