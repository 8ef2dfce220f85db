"""Explaining in this process: test pictures, somebody's own, channels, and the check by random weights."""

import numpy as np
import pytest

from tests.engine.worker.tasks.finished import finished
from tests.engine.worker.tasks.test_classify import SPEC, untrained
from tl_core.datasets.arrays import batch, load_dataset
from tl_core.engine.imports.uploads import write_arrays
from tl_core.engine.worker.kept import Kept
from tl_core.engine.worker.requests import EXPLAIN_AHEAD, EXPLAIN_PICTURE, INSIGHTS, Progress
from tl_core.errors import InputError, SpecError
from tl_core.evaluation.insight.parts import part_of

IDS = ("a", "b")


@pytest.fixture(scope="module")
def kept(tmp_path_factory) -> Kept:
    home = tmp_path_factory.mktemp("home")
    for number, run_id in enumerate(IDS):
        untrained(home / "runs" / run_id, SPEC.with_changes(seed=number))
    return Kept.empty(home)


def asked(kept: Kept, part: str, *ids: str, **chosen):
    runs = [{"id": run_id, "spec": SPEC.with_changes(seed=IDS.index(run_id)).to_dict()} for run_id in ids]
    parameters = part_of(part).checked(len(ids), chosen)
    return INSIGHTS[part].begin(kept, INSIGHTS[part].message(runs=runs, parameters=parameters))


def test_each_run_has_a_map_and_progress_tells_those_that_are_there(kept):
    task = asked(kept, "explain", *IDS, image=3)
    first, second = next(task), next(task)
    assert isinstance(first, Progress)
    assert isinstance(second, Progress)
    assert [one["run"] for one in first.value["maps"]] == ["a"]
    assert (second.done, second.total) == (2, 2)
    found = finished(asked(kept, "explain", *IDS, image=3))["maps"]
    assert [one["run"] for one in found] == list(IDS)
    assert [one["block"] for one in found] == ["fire9", "fire9"]
    assert found[0]["cells"] != found[1]["cells"]
    assert np.mean(found[0]["cells"]) == pytest.approx(1, abs=1e-4)
    assert np.sum(found[0]["zones"]) == pytest.approx(1, abs=1e-4)


def test_cam_and_grad_cam_of_a_linear_head_tell_the_same(kept):
    maps = [finished(asked(kept, "explain", "a", image=5, method=one))["maps"][0] for one in ("gradcam", "cam")]
    np.testing.assert_allclose(maps[0]["cells"], maps[1]["cells"], atol=1e-4)
    assert maps[0]["channels"] == maps[1]["channels"]


@pytest.mark.parametrize(
    ("chosen", "code"),
    [
        ({"image": 10**6}, "spec_range"),
        ({"image": 0, "target": 14}, "spec_range"),
        ({"image": 0, "block": "conv5_block3"}, "spec_choice"),
    ],
)
def test_a_picture_a_class_and_a_block_that_are_not_there_are_refused(kept, chosen, code):
    with pytest.raises(SpecError) as caught:
        finished(asked(kept, "explain", "a", **chosen))
    assert caught.value.code == code


def test_there_is_no_cam_inside_the_network(kept):
    with pytest.raises(InputError) as caught:
        finished(asked(kept, "explain", "a", block="fire4", method="cam"))
    assert caught.value.code == "no_cam"


@pytest.mark.parametrize("method", ["gradcam", "occlusion"])
def test_a_test_picture_that_comes_as_a_file_has_the_same_map(kept, method):
    dataset = load_dataset(SPEC.dataset, kept.home)
    picture = batch(dataset, dataset.test[4:5], SPEC.image_size)[0]
    path = write_arrays(kept.home, [picture])
    chosen = part_of("explain").checked(1, {"method": method, "target": 2})
    message = EXPLAIN_PICTURE.message(subject="a", images=str(path), parameters=chosen)
    own = finished(EXPLAIN_PICTURE.begin(kept, message))
    (stored,) = finished(asked(kept, "explain", "a", image=4, method=method, target=2))["maps"]
    assert {"run": "a"} | own == stored
    assert own["target"] == 2


def test_an_untouched_backbone_is_explained_too(kept):
    path = write_arrays(kept.home, [np.full((50, 60, 3), 120, np.uint8)])
    message = EXPLAIN_PICTURE.message(
        subject="backbone:squeezenet", images=str(path), parameters=part_of("explain").checked(1, {})
    )
    found = finished(EXPLAIN_PICTURE.begin(kept, message))
    assert found["predicted"] == found["target"]
    assert 0 <= found["target"] < 1000


def test_each_channel_has_the_training_pictures_at_which_its_largest_value_is_highest(kept):
    found = finished(asked(kept, "channels", "a", block="fire3"))
    dataset = load_dataset(SPEC.dataset, kept.home)
    explained, size = kept.models.explained("a")
    maps = explained.at("fire3").front.predict_on_batch(batch(dataset, dataset.train, size))
    peaks = np.asarray(maps).max(axis=(1, 2))
    assert found["n"] == len(dataset.train)
    assert len(found["channels"]) == peaks.shape[1]
    highest = [one["peak"] for one in found["channels"]]
    assert highest == sorted(highest, reverse=True)
    for one in found["channels"][:10]:
        values = peaks[:, one["channel"]]
        best = np.sort(values)[::-1][: len(one["pictures"])]
        np.testing.assert_allclose(values[one["pictures"]], best, rtol=1e-4)
        assert one["peak"] == pytest.approx(best[0], rel=1e-4)


def test_the_check_by_random_weights_reports_its_stages_and_leaves_the_network_as_it_was(kept):
    model, _ = kept.models.trained("a")
    before = [variable.numpy() for variable in model.variables]
    task = asked(kept, "sanity", "a", image=1, repeats=2)
    for _ in task:  # in between others may ask the network
        assert all(np.array_equal(old, new.numpy()) for old, new in zip(before, model.variables, strict=True))
    found = finished(asked(kept, "sanity", "a", image=1, repeats=2))
    assert found == finished(asked(kept, "sanity", "a", image=1, repeats=2))
    assert [found["stages"][at]["randomised"] for at in (0, -1)] == ["head", "stem"]
    assert found["stages"][-1]["n"] == 10
    for row in found["stages"]:
        assert -1 <= row["low"] <= row["rank_correlation"] <= row["high"] <= 1
    (pair,) = found["maps"]
    assert pair["trained"]["target"] == pair["random"]["target"]
    assert pair["trained"]["cells"] != pair["random"]["cells"]


def test_what_is_built_ahead_goes_with_its_network(tmp_path):
    for run_id in "abcde":
        untrained(tmp_path / "runs" / run_id, SPEC)
    kept = Kept.empty(tmp_path)
    finished(EXPLAIN_AHEAD.begin(kept, EXPLAIN_AHEAD.message(subjects=["a", "b"])))
    first, _ = kept.models.explained("a")
    assert kept.models.explained("a")[0] is first
    for run_id in "bcde":
        kept.models.explained(run_id)
    assert kept.models.explained("a")[0] is not first
