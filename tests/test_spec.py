import json
import math
from dataclasses import fields

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tl_core.errors import SpecError
from tl_core.fields import joined
from tl_core.spec import CHOICES, RANGES, RunSpec, check_field

FRACTIONS = (
    "dropout",
    "svm_c",
    "logistic_c",
    "momentum",
    "head_learning_rate",
    "learning_rate",
    "batchnorm_momentum",
    "decay",
    "decay_factor",
    "block_rate_factor",
)


def values_of(name: str) -> st.SearchStrategy:
    """Returns what a field may hold, written down from the documentation of the fields, not from their checks."""
    if name in CHOICES:
        return st.sampled_from(CHOICES[name])
    if name in ("nesterov", "use_cache"):
        return st.booleans()
    if name == "frozen_blocks":
        return st.sets(st.integers(*RANGES["n_frozen"]).filter(bool), max_size=5).map(joined)
    if name in ("dataset", "backbone"):
        return st.text(max_size=30)
    if name == "source":
        return st.none() | st.text(min_size=1, max_size=40)
    numbers = st.floats(*RANGES[name]) if name in FRACTIONS else st.integers(*RANGES[name])
    return st.none() | numbers if name in ("per_class", "batchnorm_momentum", "n_pretrained") else numbers


SPECS = st.builds(RunSpec, **{field.name: values_of(field.name) for field in fields(RunSpec)})
ANYTHING = st.text() | st.sampled_from(
    ["nan", "-inf", "1e999", "0x10", "", " ", "١٢", "true", "all", "1_0", "9" * 5000]
)
BAD = {
    "epochs": [0, -1, 501, 2.5, "0", "abc", "0x10", "", "1e3", "nan", None, True, [3], math.nan, math.inf, 10**400],
    "learning_rate": ["nan", "-1", "1e999", "abc", "0x10", 0, -1, math.nan, math.inf, None, False, {}, "1,5"],
    "head_learning_rate": ["nan", "-1", 0, None, "1,5"],
    "head_epochs": [0, 501, 2.5, None],
    "phases": [0, 3, 1.5, "two", None, True],
    "schedule": ["linear", "", None],
    "block_rate_factor": [0.9, 101, "fast", None],
    "unfreeze_every": [-1, 1.5, 501, None],
    "decay": [-0.1, 11, "slow", math.nan],
    "decay_factor": [0.0, 1.1],
    "decay_epochs": [0, 1.5, 501],
    "batchnorm": ["inference", "", None, True],
    "batchnorm_momentum": [1.0, -0.1, "slow", math.nan, True],
    "batch_size": [1, 0, 513, "1"],
    "n_frozen": [-1, "all", 1001],
    "frozen_blocks": ["0", "1001", "12-", "-3", "16-14", "1,,2", "block_3", "1.5", True, None, "x" * 99],
    "image_size": [31, 321, "160px"],
    "per_class": [0, -3, "none", 10_001],
    "dropout": [-0.1, 0.95, "half"],
    "momentum": [1.0, "-"],
    "patience": [-1, 0.5],
    "seed": [-1, 2**31, "1.5"],
    "hidden": [0, 5000],
    "weights": ["imagenet", "", None, 1, ["random"]],
    "head": ["Linear", "flat", "SVM"],
    "svm_c": [0, -1, 1e4, "C", None],
    "logistic_c": [0, -1, 1e4, "C", None],
    "optimizer": ["ADAM", "rmsprop"],
    "augment": ["heavy", True],
    "nesterov": ["maybe", 2, None],
    "use_cache": ["", "no"],
}


@given(SPECS)
def test_a_spec_survives_json(spec):
    again = RunSpec.from_dict(json.loads(json.dumps(spec.to_dict())))
    assert again == spec
    assert again.fingerprint() == spec.fingerprint()


@given(SPECS)
@example(RunSpec(dropout=-0.0))
def test_a_spec_survives_a_link(spec):
    query = spec.to_query()
    assert all(isinstance(text, str) for text in query.values())
    again, replaced = RunSpec.from_query(query)
    assert (again, replaced) == (spec, [])
    assert again.fingerprint() == spec.fingerprint()


def test_a_link_to_the_default_is_empty():
    assert RunSpec().to_query() == {}
    assert RunSpec.from_query({}) == (RunSpec(), [])


@settings(max_examples=400)
@given(st.dictionaries(st.sampled_from([field.name for field in fields(RunSpec)]) | st.text(), ANYTHING))
def test_opening_a_link_never_fails(query):
    spec, replaced = RunSpec.from_query(query)
    default = RunSpec()
    assert all(getattr(spec, name) == getattr(default, name) for name in replaced)
    assert set(replaced) <= set(query)
    assert RunSpec.from_dict(spec.to_dict()) == spec


def test_a_link_names_the_fields_that_it_could_not_use():
    spec, replaced = RunSpec.from_query({"epochs": "0", "seed": "5", "weights": "mine", "colour": "red"})
    assert spec == RunSpec(seed=5)
    assert replaced == ["weights", "epochs"]


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in BAD.items() for value in values])
def test_a_value_outside_what_is_allowed_is_refused_with_what_was_received_and_what_is_allowed(name, value):
    with pytest.raises(SpecError) as caught:
        RunSpec(**{name: value})
    error = caught.value
    assert error.code in ("spec_choice", "spec_range", "spec_number")
    assert error.values["field"] == name
    assert error.values["received"] == str(value) or error.values["received"].endswith("…")
    assert "allowed" in error.values or {"low", "high"} <= set(error.values)


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [
        ("epochs", 0, "spec_range"),
        ("learning_rate", "nan", "spec_range"),
        ("learning_rate", -1, "spec_range"),
        ("learning_rate", "1e999", "spec_range"),
        ("learning_rate", "abc", "spec_number"),
        ("learning_rate", "0x10", "spec_number"),
        ("batch_size", 1, "spec_range"),
        ("epochs", "0x10", "spec_number"),
        ("head", "cubic", "spec_choice"),
        ("use_cache", "perhaps", "spec_choice"),
    ],
)
def test_each_kind_of_mistake_has_its_code(name, value, code):
    with pytest.raises(SpecError) as caught:
        check_field(name, value)
    assert caught.value.code == code


def test_a_number_that_is_typed_becomes_a_number():
    spec = RunSpec(epochs="7", learning_rate="1e-2", per_class="all", use_cache="False", nesterov="1", seed=3.0)
    assert (spec.epochs, spec.learning_rate, spec.per_class) == (7, 0.01, None)
    assert (spec.use_cache, spec.nesterov, spec.seed) == (False, True, 3)
    assert type(spec.seed) is int
    assert type(RunSpec(learning_rate=1).learning_rate) is float


def test_the_ends_of_a_range_are_allowed():
    for name, (low, high) in RANGES.items():
        assert check_field(name, low) == low
        assert check_field(name, high) == high


def test_an_unknown_field_is_refused_with_the_known_ones():
    with pytest.raises(SpecError) as caught:
        RunSpec.from_dict({"epoch": 3})
    assert caught.value.code == "unknown_field"
    assert caught.value.values["received"] == "epoch"
    assert "epochs" in caught.value.values["allowed"]


def test_a_long_text_is_shortened_before_it_is_repeated():
    with pytest.raises(SpecError) as caught:
        RunSpec(head="x" * 10_000)
    assert len(caught.value.values["received"]) == 40


@given(SPECS, SPECS)
def test_fingerprints_differ_where_specs_differ(first, second):
    assert (first.fingerprint() == second.fingerprint()) == (first == second)
    assert len(first.fingerprint()) == 16
    assert set(first.fingerprint()) <= set("0123456789abcdef")


def test_a_changed_copy_is_validated_again():
    assert RunSpec().with_changes(seed=4) == RunSpec(seed=4)
    with pytest.raises(SpecError):
        RunSpec().with_changes(epochs=0)


def test_specs_that_differ_only_in_what_decides_nothing_have_one_canonical_form():
    plain = RunSpec(momentum=0.5, head_learning_rate=0.1, hidden=7)
    assert plain.canonical() == RunSpec()
    used = RunSpec(optimizer="sgd", momentum=0.5, phases=2, head_learning_rate=0.1, head="dense", hidden=7)
    assert used.canonical() == used
