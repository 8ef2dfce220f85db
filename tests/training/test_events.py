import json
from dataclasses import FrozenInstanceError

import pytest

from tl_core.training.events import Ended, Epoch, Phase, Started, Step

EVENTS = [
    (Phase("features", 32, 80), "phase"),
    (Started(10, 20, True, 56, 8, "CPU"), "started"),
    (Step(1, 1, 0.5, 0.25, 1.5, 32), "step"),
    (Epoch(1, 0.5, 0.25, 0.6, 0.2, 2.0, 2.5, 8, 256, True), "epoch"),
    (Ended("failed", None, 3.0, error={"code": "training_failed", "values": {"reason": "x"}}), "ended"),
]


@pytest.mark.parametrize(("event", "name"), EVENTS)
def test_an_event_travels_as_json_under_its_name(event, name):
    plain = json.loads(json.dumps(event.to_dict()))
    assert plain.pop("event") == name
    assert type(event)(**plain) == event


def test_an_event_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        EVENTS[0][0].done = 5
