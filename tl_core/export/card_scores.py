"""How good a network is, in the words and tables of its card."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from tl_core.evaluation.rival import rival_of
from tl_core.export.card_parts import Table

NOTHING = "–"
Say = Callable[..., str]


def score_facts(scores: Mapping | None, say: Say) -> dict[str, str]:
    """Returns name → value; of a run that was not tested, that it was not."""
    if not scores:
        return {say("card.test"): say("card.untested")}
    low, high = scores["interval"]
    rival = rival_of(scores)
    accuracy, loss = f"{scores['accuracy']:.1%}", scores["loss"]
    test = say("card.test_value", accuracy=accuracy, low=f"{low:.1%}", high=f"{high:.1%}", n=f"{scores['n']:,}")
    return {
        say("card.test"): test,
        say("card.test_loss"): NOTHING if loss is None else f"{loss:.4f}",
        say("card.balanced"): f"{rival.balanced_accuracy:.1%}",
        say("card.rival"): f"{rival.accuracy:.1%}",
    }


def class_table(scores: Mapping | None, classes: Sequence[str], say: Say) -> Table | None:
    """Returns one row a class: test pictures, recall, precision, F1, and what it is taken for most often.

    None for a run that was not tested.
    """
    if not scores or len(scores["confusion"]) != len(classes):
        return None
    counts = np.array(scores["confusion"])
    head = ("class", "n", "recall", "precision", "f1", "taken_for")
    rows = tuple(_row(counts, at, classes) for at in range(len(classes)))
    return Table(rows, tuple(say(f"card.of_{name}") for name in head))


def _row(counts: np.ndarray, at: int, classes: Sequence[str]) -> tuple[str, ...]:
    right, n, said = int(counts[at, at]), int(counts[at].sum()), int(counts[:, at].sum())
    wrong = counts[at] * (np.arange(len(counts)) != at)
    other = int(wrong.argmax())
    taken = f"{classes[other]} ({int(wrong[other])})" if wrong[other] else NOTHING
    return (classes[at], f"{n:,}", _share(right, n), _share(right, said), _share(2 * right, n + said), taken)


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else NOTHING
