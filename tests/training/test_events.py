import json
from dataclasses import FrozenInstanceError

import pytest

from tl_core.training.events import Ended, Epoch, Event, Moved, Phase, Started, Step

EVENTS = [
    (Phase("features", 32, 80), "phase"),
    (Started(10, 20, True, 56, 8, "CPU"), "started"),
    (Step(1, 1, 0.5, 0.25, 1.5, 32), "step"),
    (Epoch(1, 0.5, 0.25, 0.6, 0.2, 2.0, 2.5, 8, 256, True), "epoch"),
    (Moved([0.0, 0.25]), "moved"),
    (Ended("failed", None, 3.0, error={"code": "training_failed", "values": {"reason": "x"}}), "ended"),
]


@pytest.mark.parametrize(("event", "name"), EVENTS)
def test_an_event_travels_as_json_under_its_name(event, name):
    plain = json.loads(json.dumps(event.to_dict()))
    assert plain["event"] == name
    assert Event.from_dict(plain) == event


@pytest.mark.parametrize(
    ("plain", "error"),
    [({"event": "rested"}, KeyError), ({"event": "moved", "far": 1}, TypeError), ({"event": "event"}, KeyError)],
)
def test_what_is_no_event_does_not_become_one(plain, error):
    with pytest.raises(error):
        Event.from_dict(plain)


def test_an_event_cannot_be_changed():
    with pytest.raises(FrozenInstanceError):
        EVENTS[0][0].done = 5
