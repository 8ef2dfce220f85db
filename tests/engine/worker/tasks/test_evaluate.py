"""Scoring a run on a split, in this process."""

import numpy as np
import pytest

from tests.engine.worker.tasks.finished import finished
from tl_core.datasets.arrays import batch, load_dataset, select_per_class
from tl_core.errors import StoreError
from tl_core.spec import RunSpec

SPEC = RunSpec(backbone="squeezenet", image_size=64, n_frozen=9, epochs=1, per_class=2)


@pytest.fixture(scope="module")
def left(tmp_path_factory):
    """What a run leaves whose head has learned nothing yet, and the data that it was trained on."""
    from tl_core.models.build import build
    from tl_core.models.trained import save_trained

    home = tmp_path_factory.mktemp("home")
    network = build(SPEC, 14)
    (home / "runs" / "a").mkdir(parents=True)
    save_trained(home / "runs" / "a", network.suffix, SPEC, 14)
    return home, network, load_dataset("groceries", home)


def evaluated(home, split: str, subject: str = "a", spec: RunSpec = SPEC) -> dict:
    from tl_core.engine.worker.kept import Kept
    from tl_core.engine.worker.tasks.evaluate import run

    return finished(run(Kept.empty(home), subject=subject, spec=spec.to_dict(), split=split))


@pytest.mark.parametrize("split", ["train", "validation"])
def test_every_picture_of_the_split_counts_once(left, split):
    home, network, data = left
    train = select_per_class(data.labels, data.train, 2, SPEC.seed)
    chosen = train if split == "train" else data.validation
    logits = network.full.predict(batch(data, chosen, 64), batch_size=len(chosen), verbose=0)
    right = logits.argmax(axis=1) == data.labels[chosen]
    scores = evaluated(home, split)
    assert (scores["n"], scores["accuracy"]) == (len(chosen), pytest.approx(right.mean(), abs=0.011))
    low, high = scores["interval"]
    assert low <= scores["accuracy"] <= high
    assert np.sum(scores["confusion"], axis=1).tolist() == np.bincount(data.labels[chosen], minlength=14).tolist()
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares = (shifted / shifted.sum(axis=1, keepdims=True))[np.arange(len(chosen)), data.labels[chosen]]
    assert scores["loss"] == pytest.approx(-np.log(shares).mean(), rel=1e-3)


def test_the_margins_of_an_svm_have_no_loss_the_logits_of_a_probe_have_one(left):
    assert evaluated(left[0], "train", spec=SPEC.with_changes(head="svm"))["loss"] is None
    assert evaluated(left[0], "train", spec=SPEC.with_changes(head="logistic"))["loss"] > 0


def test_a_run_without_weights_is_an_error(left):
    with pytest.raises(StoreError):
        evaluated(left[0], "train", subject="b")
