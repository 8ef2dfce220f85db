"""What several networks say of the same pictures."""

import numpy as np
import pytest

from tl_core.errors import InputError
from tl_core.evaluation.insight.outputs import Outputs, SplitOutputs
from tl_core.evaluation.insight.parts import PARTS, Judged

CLASSES = ("apple", "pear", "plum")


def judged(id: str, predicted: list[int], labels: list[int], classes=CLASSES) -> Judged:
    said = SplitOutputs(np.log(np.full((len(labels), 3), 0.2) + 0.4 * np.eye(3)[predicted]), np.array(labels))
    return Judged(id, classes, Outputs(said, said, np.ones(3, int)))


def test_half_of_the_pictures_are_those_on_which_networks_differ_and_every_answer_is_told():
    labels = [0, 1, 2] * 4
    first = judged("a", labels, labels)
    second = judged("b", [*labels[:8], 0, 2, 0, 1], labels)  # of the last four, labels 2, 0, 1, 2, none is right
    told = PARTS["predictions"].answer([first, second], {"n": 4})
    assert (told["n_test"], told["n_split"], len(told["pictures"])) == (
        12,
        4 - sum(np.equal([0, 2, 0, 1], labels[8:])),
        4,
    )
    differ = [len({answer["right"] for answer in one["answers"]}) == 2 for one in told["pictures"]]
    assert differ == [True, True, False, False]
    for one in told["pictures"]:
        assert one["true"] == CLASSES[labels[one["image"]]]
        assert one["answers"][0] == {"predicted": one["true"], "probability": pytest.approx(0.6), "right": True}
    assert PARTS["predictions"].answer([first, second], {"n": 4}) == told


def test_networks_that_agree_everywhere_are_shown_on_any_pictures():
    one = judged("a", [0, 1, 2], [0, 1, 2])
    told = PARTS["predictions"].answer([one, one], {"n": 16})
    assert (told["n_split"], sorted(picture["image"] for picture in told["pictures"])) == (0, [0, 1, 2])


@pytest.mark.parametrize("other", [judged("b", [0, 1], [0, 1]), judged("b", [0, 1, 2], [0, 1, 2], ("x", "y", "z"))])
def test_networks_that_were_tested_on_other_pictures_are_not_compared(other):
    with pytest.raises(InputError) as caught:
        PARTS["predictions"].answer([judged("a", [0, 1, 2], [0, 1, 2]), other], {"n": 4})
    assert (caught.value.code, caught.value.values["second"]) == ("pairs_differ", "b")
