"""The numbers that a finished run leaves of its validation and test pictures."""

import numpy as np

from tl_core.disk.files import OUTPUTS_FILE
from tl_core.evaluation.insight.outputs import Outputs, SplitOutputs, forget_outputs, load_outputs, save_outputs


def said(n: int, seed: int) -> SplitOutputs:
    random = np.random.default_rng(seed)
    return SplitOutputs(random.normal(size=(n, 3)).astype(np.float32), random.integers(3, size=n))


def test_what_was_kept_is_read_to_the_last_bit(tmp_path):
    kept = Outputs(said(5, 1), said(7, 2), np.array([4, 9, 2]), has_probabilities=False)
    save_outputs(tmp_path, kept)
    read = load_outputs(tmp_path)
    assert read is not None
    for split in ("validation", "test"):
        for name in ("logits", "labels"):
            assert np.array_equal(getattr(getattr(read, split), name), getattr(getattr(kept, split), name))
    assert (read.trained.tolist(), read.largest, read.has_probabilities) == ([4, 9, 2], 1, False)


def test_outputs_that_are_damaged_forgotten_or_were_never_there_are_none(tmp_path):
    assert load_outputs(tmp_path) is None
    save_outputs(tmp_path, Outputs(said(5, 1), said(7, 2), np.array([4, 9, 2])))
    data = bytearray((tmp_path / OUTPUTS_FILE).read_bytes())
    data[-1] ^= 255
    (tmp_path / OUTPUTS_FILE).write_bytes(data)
    assert load_outputs(tmp_path) is None
    save_outputs(tmp_path, Outputs(said(5, 1), said(7, 2), np.array([4, 9, 2])))
    forget_outputs(tmp_path)
    assert load_outputs(tmp_path) is None


def test_the_class_with_the_highest_logit_is_the_answer():
    split = SplitOutputs(np.array([[0.1, 2.0], [3.0, -1.0], [0.0, 1.0]], np.float32), np.array([1, 1, 1]))
    assert split.predicted.tolist() == [1, 0, 1]
    assert split.is_right.tolist() == [True, False, True]
