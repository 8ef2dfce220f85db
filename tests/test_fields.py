"""Records whose fields say for themselves what they may hold, with a value that has a structure of its own."""

import json
from dataclasses import dataclass

import pytest

from tl_core.errors import SpecError
from tl_core.fields import Checked, Number, Numbers, apart, joined, setting


@dataclass(frozen=True)
class Decay:
    """A learning rate that falls by a factor every so many epochs."""

    factor: float
    every: int


class DecayRule:
    """Takes a `Decay`, {"factor", "every"}, or "0.5x3"."""

    def check(self, name: str, value: object) -> Decay | None:
        if value is None or isinstance(value, Decay):
            return value
        try:
            parts = value.split("x") if isinstance(value, str) else (value["factor"], value["every"])
            return Decay(Number(0.0, 1.0).check(name, parts[0]), Number(1, 100).check(name, parts[1]))
        except (TypeError, KeyError, IndexError):
            raise SpecError("spec_choice", field=name, received=str(value)[:40], allowed=["0.5x3"]) from None

    def text(self, value: Decay | None) -> str:
        return "" if value is None else f"{value.factor}x{value.every}"


@dataclass(frozen=True)
class Plan(Checked):
    epochs: int = setting(5, Number(1, 500))
    decay: Decay | None = setting(None, DecayRule(), unused=lambda plan: plan.epochs == 1)


PLAN = Plan(epochs=9, decay=Decay(0.5, 3))


def test_a_value_with_a_structure_survives_json_and_a_link():
    assert Plan.from_dict(json.loads(json.dumps(PLAN.to_dict()))) == PLAN
    assert PLAN.to_query() == {"epochs": "9", "decay": "0.5x3"}
    assert Plan.from_query(PLAN.to_query()) == (PLAN, [])


def test_it_decides_the_fingerprint_and_can_be_unused():
    assert PLAN.fingerprint() != PLAN.with_changes(decay=Decay(0.5, 4)).fingerprint()
    assert (PLAN.unused_fields(), PLAN.with_changes(epochs=1).unused_fields()) == (set(), {"decay"})


@pytest.mark.parametrize("value", ["half", {"factor": 2, "every": 3}, {"every": 3}, 7, "0.5x0", "0.5x"])
def test_a_part_outside_what_is_allowed_is_refused_as_any_field_is(value):
    with pytest.raises(SpecError) as caught:
        Plan(decay=value)
    assert caught.value.values["field"] == "decay"
    assert Plan.from_query({"decay": str(value)}) == (Plan(), ["decay"])


@pytest.mark.parametrize(
    ("written", "kept"),
    [("", ""), (" 3 ", "3"), ("5,3,4,9", "3-5,9"), ("2-2,1", "1-2"), ("7-9, 8-11", "7-11"), (12, "12"), ("08", "8")],
)
def test_numbers_are_kept_in_one_form_however_they_were_written(written, kept):
    assert Numbers(1, 20).check("blocks", written) == kept
    assert joined(apart(kept)) == kept


@pytest.mark.parametrize("written", ["21", "0-3", "1-99"])
def test_numbers_beyond_the_range_are_refused_with_it(written):
    with pytest.raises(SpecError) as caught:
        Numbers(1, 20).check("blocks", written)
    assert caught.value.code == "spec_range"
    assert (caught.value.values["low"], caught.value.values["high"]) == (1, 20)
