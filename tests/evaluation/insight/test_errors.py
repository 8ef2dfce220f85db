import numpy as np
import pytest
from judged_runs import judged, said

from tl_core.evaluation.insight.errors import answer
from tl_core.evaluation.insight.outputs import SplitOutputs

# ten pictures: four of a (one taken for b), five of b (three taken for a), and one of c, which is taken for b
LABELS = [0, 0, 0, 0, 1, 1, 1, 1, 1, 2]
PREDICTED = [0, 0, 0, 1, 1, 1, 0, 0, 0, 1]
SURE = [0.9, 0.5, 0.7, 0.8, 0.6, 0.95, 0.4, 0.85, 0.8, 0.99]


@pytest.fixture
def told() -> dict:
    return answer([judged(said(LABELS, PREDICTED, 3, SURE), largest=1)])


def test_the_scores_are_those_counted_by_hand(told):
    assert (told["n"], told["accuracy"], told["majority_accuracy"], told["largest"]) == (10, 0.5, 0.5, "b")
    assert told["balanced_accuracy"] == pytest.approx((3 / 4 + 2 / 5 + 0) / 3)
    assert told["confusion"] == [[3, 1, 0], [3, 2, 0], [0, 1, 0]]
    assert told["interval"] == pytest.approx([0.2366, 0.7634], abs=6e-5)  # 1/2 ± z / (2 √(n + z²))
    assert (told["labels"], told["predicted"]) == (LABELS, PREDICTED)


def test_each_class_has_precision_recall_and_f1(told):
    a, b, c = told["classes"]
    assert (a["class"], a["n"], a["precision"], a["recall"], a["f1"]) == ("a", 4, 3 / 6, 3 / 4, pytest.approx(0.6))
    assert (b["precision"], b["recall"], b["f1"]) == (2 / 4, 2 / 5, pytest.approx(4 / 9))
    assert (c["n"], c["recall"], c["f1"]) == (1, 0, 0)
    assert c["precision"] is None  # nothing was taken for c
    assert c["precision_interval"] is None


def test_intervals_agree_with_published_ones():
    # 81 of 263 and 15 of 148: Newcombe, Statistics in Medicine 17 (1998), table I, method 3
    labels = [0] * 263 + [1] * 67
    predicted = [0] * 81 + [1] * 182 + [0] * 67
    a, _, _ = answer([judged(said(labels, predicted, 3))])["classes"]
    assert a["recall_interval"] == pytest.approx([0.2553, 0.3662], abs=6e-5)
    assert a["precision"] == 81 / 148
    hits, involved, z2 = 81, 263 + 67, 1.959964**2
    centre = (hits + z2 / 2) / (involved + z2)
    half = (z2 * hits * (involved - hits) / involved + z2**2 / 4) ** 0.5 / (involved + z2)
    assert a["f1"] == pytest.approx(2 * 81 / (263 + 148))
    assert a["f1_interval"] == pytest.approx([2 * end / (1 + end) for end in (centre - half, centre + half)])


def test_the_interval_of_f1_holds_the_true_value_about_as_often_as_it_says():
    draw = np.random.default_rng(5)
    held = []
    for _ in range(300):  # 30 % are of the first class, of which 70 % are found; 10 % of the others are taken for it
        labels = (draw.random(200) >= 0.3).astype(int)
        predicted = np.where(draw.random(200) < np.where(labels == 0, 0.7, 0.1), 0, 1)
        a, _ = answer([judged(said(labels.tolist(), predicted.tolist(), 2), classes="ab")])["classes"]
        low, high = a["f1_interval"]
        held.append(low <= 2 * 0.21 / (0.3 + 0.21 + 0.07) <= high)
    assert 0.91 <= np.mean(held) <= 0.99


def test_mistakes_begin_with_the_surest_and_hits_with_the_least_sure(told):
    assert [one["image"] for one in told["mistakes"]] == [9, 7, 3, 8, 6]
    assert told["mistakes"][0] == {"image": 9, "true": "c", "predicted": "b", "probability": pytest.approx(0.99)}
    assert [one["image"] for one in told["unsure"]] == [1, 4, 2, 0, 5]
    assert told["probabilities"] == pytest.approx(SURE)


def test_the_right_answer_is_looked_for_among_the_first_five_and_never_among_all():
    logits = np.array([[4, 3, 2, 1], [1, 4, 3, 2], [1, 2, 3, 4], [3, 1, 2, 4]], np.float32)
    test = SplitOutputs(logits, np.array([0, 2, 1, 0]))  # right at once, second, third, second
    assert answer([judged(test, classes="abcd")])["top_k"] == [0.25, 0.75, 1.0]
    two = SplitOutputs(logits[:, :2], np.array([0, 1, 1, 0]))
    assert answer([judged(two, classes="ab")])["top_k"] == [1.0]
    seven = SplitOutputs(np.eye(7, dtype=np.float32), np.arange(7))
    assert len(answer([judged(seven, classes="abcdefg")])["top_k"]) == 5


def test_the_answer_says_whether_its_shares_are_probabilities():
    assert answer([judged(said(LABELS, PREDICTED, 3))])["has_probabilities"]
    assert not answer([judged(said(LABELS, PREDICTED, 3), has_probabilities=False)])["has_probabilities"]
