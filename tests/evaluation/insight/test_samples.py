import numpy as np

from tl_core.evaluation.insight.outputs import Outputs, SplitOutputs
from tl_core.evaluation.insight.parts import PARTS, Judged
from tl_core.evaluation.insight.samples import MOST


def judged(margins: np.ndarray, is_right: np.ndarray) -> Judged:
    logits = np.stack([margins, np.zeros(len(margins))], axis=1).astype(np.float32)
    labels = np.where(is_right, logits.argmax(axis=1), 1 - logits.argmax(axis=1))
    said = SplitOutputs(logits, labels)
    return Judged("a", ("cat", "dog"), Outputs(said, said, np.array([5, 5])))


def test_mistakes_come_first_the_surest_of_them_first_then_hits_of_every_sureness():
    margins = np.linspace(0.1, 4, 40)
    is_right = np.arange(40) % 2 == 0
    found = PARTS["samples"].answer([judged(margins, is_right)], {})["pictures"]
    wrong = [one["image"] for one in found if one["true"] != one["predicted"]]
    right = [one["image"] for one in found if one["true"] == one["predicted"]]
    assert wrong == [39, 37, 35, 33, 31, 29, 27, 25]
    assert right[0] == 38
    assert right[-1] == 0
    assert right == sorted(right, reverse=True)
    assert len(right) == MOST
    assert [one["image"] for one in found] == wrong + right


def test_a_network_without_mistakes_or_without_hits_has_samples_of_the_other_kind():
    margins = np.array([1.0, 2.0, 3.0])
    for is_right in (True, False):
        found = PARTS["samples"].answer([judged(margins, np.full(3, is_right))], {})["pictures"]
        assert [one["image"] for one in found] == [2, 1, 0]
