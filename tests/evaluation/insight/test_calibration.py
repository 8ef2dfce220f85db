import math

import numpy as np
import pytest
from judged_runs import judged, said

from tl_core.errors import InputError
from tl_core.evaluation.insight.calibration import N_BINS, answer, best_temperature
from tl_core.evaluation.insight.outputs import SplitOutputs


def test_the_error_agrees_with_a_table_made_by_hand():
    # four pictures promised 0.95 (three right), four 0.55 (one right), two 0.70 (both right)
    sure = [0.95] * 4 + [0.55] * 4 + [0.70] * 2
    is_right = [1, 1, 1, 0, 1, 0, 0, 0, 1, 1]
    told = answer([judged(said([0] * 10, [1 - one for one in is_right], 2, sure), classes="ab")])
    by_hand = 0.4 * abs(0.95 - 0.75) + 0.4 * abs(0.55 - 0.25) + 0.2 * abs(0.70 - 1.0)
    assert told["ece"] == pytest.approx(by_hand, abs=1e-6)
    filled = [bin for bin in told["bins"] if bin["n"]]
    assert [bin["n"] for bin in filled] == [4, 2, 4]
    assert [bin["accuracy"] for bin in filled] == [0.25, 1.0, 0.75]
    assert [bin["confidence"] for bin in filled] == pytest.approx([0.55, 0.70, 0.95])
    # 3 of 4 by hand: centre (3 + z²/2) / (4 + z²), half the width √(z² · 3 · 1/4 + z⁴/4) / (4 + z²)
    z2 = 1.959964**2
    centre, half = (3 + z2 / 2) / (4 + z2), math.sqrt(z2 * 3 / 4 + z2**2 / 4) / (4 + z2)
    assert filled[-1]["interval"] == pytest.approx([centre - half, centre + half])


def test_there_are_fifteen_bins_of_equal_width_and_each_picture_is_in_one():
    sure = np.linspace(0.34, 0.999, 200)
    told = answer([judged(said([0] * 200, [0, 1] * 100, 3, sure.tolist()))])
    assert [bin["low"] for bin in told["bins"]] == pytest.approx([at / 15 for at in range(15)])
    assert len(told["bins"]) == N_BINS
    assert sum(bin["n"] for bin in told["bins"]) == told["n"] == 200
    for bin in told["bins"]:
        inside = (sure > bin["low"] + 1e-6) & (sure <= bin["high"] + 1e-6)
        assert bin["n"] == inside.sum()
        assert (bin["n"] == 0) == (bin["confidence"] is None) == (bin["accuracy"] is None) == (bin["interval"] is None)


def honest(n: int, temperature: float, seed: int) -> SplitOutputs:
    """Returns logits of a network that is right as often as it says once they are divided by a temperature."""
    draw = np.random.default_rng(seed)
    logits = draw.normal(0, 2, (n, 4))
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    labels = (shares.cumsum(axis=1) < draw.random((n, 1))).sum(axis=1)
    return SplitOutputs((logits * temperature).astype(np.float32), labels)


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_the_temperature_with_which_outputs_were_made_is_found(temperature):
    assert best_temperature(honest(20_000, temperature, 1)) == pytest.approx(temperature, rel=0.05)


def test_a_temperature_of_validation_mends_the_test_and_changes_no_answer():
    told = answer([judged(honest(4000, 3.0, 2), honest(4000, 3.0, 3), classes="abcd")])
    assert (told["n"], told["n_validation"], told["is_at_limit"]) == (4000, 4000, False)
    assert told["ece"] > 0.15
    assert told["ece_scaled"] < 0.03
    assert told["loss_scaled"] < told["loss"]
    hits = [sum(bin["n"] * (bin["accuracy"] or 0) for bin in told[name]) for name in ("bins", "bins_scaled")]
    assert hits[0] == pytest.approx(hits[1])


def test_a_network_that_is_always_right_has_no_best_temperature_and_that_is_said():
    told = answer([judged(said([0, 1, 2], [0, 1, 2], 3))])
    assert told["is_at_limit"]


def test_the_temperature_is_where_the_slope_of_the_loss_is_zero():
    outputs = honest(500, 1.7, 4)
    temperature = best_temperature(outputs)
    scaled = outputs.logits.astype(np.float64) / temperature
    shares = np.exp(scaled) / np.exp(scaled).sum(axis=1, keepdims=True)
    meant = (shares * outputs.logits).sum(axis=1)  # d loss / d (1/T) = mean of E[logit] − right logit
    assert np.mean(meant - outputs.logits[np.arange(500), outputs.labels]) == pytest.approx(0, abs=1e-3)


def test_the_margins_of_an_svm_are_refused():
    with pytest.raises(InputError) as refused:
        answer([judged(said([0], [0], 3), has_probabilities=False)])
    assert refused.value.code == "no_probabilities"
