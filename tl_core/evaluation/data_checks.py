"""What one should know of an album before believing a number that was measured on it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

import numpy as np

from tl_core.datasets.own.album import Album
from tl_core.datasets.own.near_duplicates import members_of
from tl_core.datasets.own.notes import Note
from tl_core.datasets.own.rows import Rows
from tl_core.datasets.own.splits import SPLITS, TEST, TRAIN, VALIDATION, together
from tl_core.evaluation.framing_checks import framing_findings
from tl_core.evaluation.scores import wilson_interval

FEW = 30  # test pictures of a class: with fewer, its accuracy is known to no more than about ± 12 points
TYPICAL = 0.85  # accuracy for which the uncertainty is given
UNEVEN = 2  # times as many pictures as the smallest class has


def margin(n_test: int) -> float:
    """Returns half the 95 % interval of an accuracy measured on so many pictures, as a fraction, for a typical one."""
    low, high = wilson_interval(round(TYPICAL * n_test), n_test)
    return (high - low) / 2


def findings(album: Album) -> list[Note]:
    """Returns what should be said of an album, the most important first."""
    return [*_not_ready(album), *_small(album), *_double(album), *_uneven(album), *framing_findings(album)]


def _not_ready(album: Album) -> Iterator[Note]:
    """Yields why it cannot be trained on yet."""
    info = album.info
    if len(info.classes) < 2:
        yield Note("needs_classes", {"n": len(info.classes)})
    elif not (info.n_validation and info.n_test):
        n_groups = len(set(together(album.used.twin, album.used.group).tolist()))
        if any(album.used.group) and n_groups < len(SPLITS):
            yield Note("needs_groups", {"n": n_groups})
        else:
            yield Note("needs_pictures", {"n_validation": info.n_validation, "n_test": info.n_test})
    for split, classes in info.lacks:
        yield Note(
            "lacks_train" if split == "train" else "lacks_test" if split == "test" else "lacks_validation",
            {"classes": list(classes)},
        )


def _small(album: Album) -> Iterator[Note]:
    """Yields the classes that are too small to tell anything."""
    n_all, n_test = Counter(album.used.name), Counter(album.used.name[album.used.split == TEST])
    lacking = {name for _, classes in album.info.lacks for name in classes}
    single = [name for name in album.classes if n_all[name] == 1 and name not in lacking]
    untested = [name for name in album.classes if n_all[name] > 1 and not n_test[name] and name not in lacking]
    few = sorted((n_test[name], name) for name in album.classes if 0 < n_test[name] < FEW)
    if single:
        yield Note("one_picture", {"classes": single})
    if untested:
        yield Note("untested", {"classes": untested})
    if few:
        n, name = few[0]
        values = {"n": n, "name": name, "points": round(margin(n) * 100), "n_classes": len(few)}
        yield Note("few_test" if len(few) > 1 else "few_test_one", values)


def _double(album: Album) -> Iterator[Note]:
    """Yields pictures that are there more than once, or nearly, and those that have two classes."""
    groups = duplicate_groups(album.used)
    same = sum(len(group) - len(set(album.used.sha[group])) for group in groups)
    near = sum(len(set(album.used.sha[group])) > 1 for group in groups)
    torn = sum(len(set(album.used.name[group])) > 1 for group in groups)
    asked = len(questions(album.used))
    for code, n in (("in_two_classes", torn), ("look_alike", asked), ("duplicates", same), ("near_twins", near)):
        if n:
            yield Note(code, {"n": n})


def _uneven(album: Album) -> Iterator[Note]:
    counts = Counter(album.used.name)
    if len(counts) > 1 and max(counts.values()) >= UNEVEN * min(counts.values()):
        (large, most), (small, least) = counts.most_common()[0], counts.most_common()[-1]
        yield Note("uneven", {"large": large, "most": most, "small": small, "least": least})


def duplicate_groups(rows: Rows) -> list[np.ndarray]:
    """Returns the groups of pictures that show the same, the largest first: int (n,), n ≥ 2, places in the rows."""
    groups = (group for group in members_of(rows.twin) if len(group) > 1)
    return sorted(groups, key=lambda group: (-len(group), group[0]))


def questions(rows: Rows) -> list[np.ndarray]:
    """Returns the groups of pictures that look alike and are in two classes, as `duplicate_groups` does.

    Equal pictures in two classes are none of them: they are duplicates in any case.
    """
    groups = duplicate_groups(replace(rows, twin=rows.lookalike))
    return [group for group in groups if len(set(rows.name[group])) > 1 and len(set(rows.twin[group])) > 1]


def class_table(album: Album) -> list[dict]:
    """Returns one row a class, those left out as well: {"name", "n", "train", "validation", "test", "margin"}.

    `n` counts what is not dropped; `margin` is None where nothing is tested.
    """
    rows = album.rows.taken(~album.rows.is_dropped)
    return table_of(rows.name, rows.split)


def table_of(names: np.ndarray, splits: np.ndarray) -> list[dict]:
    """Returns the same of any pictures: str (N,) their classes, int (N,) their splits."""
    table, counted = [], Counter(zip(names, splits.tolist(), strict=True))
    for name in sorted(set(names)):
        trained, validated, tested = (counted[name, split] for split in (TRAIN, VALIDATION, TEST))
        row = {"name": name, "n": trained + validated + tested, "train": trained, "validation": validated}
        table.append(row | {"test": tested, "margin": margin(tested) if tested else None})
    return table
