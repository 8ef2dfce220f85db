"""Which of several readings is taken, and whether that needs a question."""

from collections.abc import Sequence

from tl_core.ingest.readings.reading import Reading, Readings


def rank(readings: Sequence[Reading]) -> Readings:
    """Puts the best reading first: one with two classes or more, then one without doubts, then the one named first.

    Returns:
        The readings; they are clear where exactly one of those with two classes or more has no doubts, or where others
        put every picture into the same class. Without any such reading there is nothing to choose, and the first says
        why.
    """
    ranked = sorted(readings, key=lambda one: (len(one.classes) < 2, bool(one.doubts)))
    best, *others = ranked
    rivals = [one for one in others if len(one.classes) > 1 and not one.doubts]
    is_clear = len(best.classes) < 2 or (not best.doubts and all(_same(best, one) for one in rivals))
    return Readings(ranked, is_clear)


def _same(one: Reading, other: Reading) -> bool:
    """Says whether two readings put every picture into the same class and split."""
    return {(place.file, place.name, place.split) for place in one.placed} == {
        (place.file, place.name, place.split) for place in other.placed
    }
