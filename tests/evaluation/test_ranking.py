import numpy as np

from tl_core.evaluation.ranking import ranked


def test_the_most_probable_classes_come_first_and_equal_ones_keep_their_order():
    rows = ranked(np.array([0.1, 0.4, 0.1, 0.4]), ["ant", "bee", "cat", "dog"], 3)
    assert rows == [
        {"class": "bee", "probability": 0.4},
        {"class": "dog", "probability": 0.4},
        {"class": "ant", "probability": 0.1},
    ]


def test_there_are_never_more_rows_than_classes():
    assert len(ranked(np.array([0.5, 0.5]), ["ant", "bee"], 5)) == 2
