"""What is to be said of how pictures became squares, and of a single one that a network is asked about."""

from collections.abc import Iterator

import numpy as np

from tl_core.datasets.images.prepared import Prepared
from tl_core.datasets.own.album import Album
from tl_core.datasets.own.notes import Note


def framing_findings(album: Album) -> Iterator[Note]:
    """Yields what the squares show of the pictures in use, where many lose much, or where none loses anything."""
    widths, heights = album.used.width, album.used.height
    n = int(_loses_much(widths, heights).sum())
    if not n:
        return
    if album.preparation.framing == "fit":
        yield Note("filled_up", {"n": int((widths != heights).sum()), "total": len(widths)})
        return
    share = round(float(np.median(_kept_share(widths, heights))) * 100)
    yield Note("cut_off", {"share": share, "n": n, "total": len(widths)})


def picture_notes(one: Prepared) -> list[Note]:
    """Returns what is to be said of one picture that a network is asked about."""
    notes = []
    if one.scale is not None:
        range_of = {"low": one.scale.low, "high": one.scale.high}
        told = {"deep_one_stated": "stated", "deep_one_set": "set", "deep_one_largest": "largest"}
        notes += [Note(code, range_of) for code, rule in told.items() if rule == one.scale.rule]
    sides = np.array([one.width]), np.array([one.height])
    if one.framing == "crop" and _loses_much(*sides).any():
        notes.append(Note("cut_one", {"share": round(float(_kept_share(*sides)[0]) * 100)}))
    return notes


def _kept_share(widths: np.ndarray, heights: np.ndarray) -> np.ndarray:
    """Returns which part of each picture its centre square is, a fraction."""
    return np.minimum(widths, heights) / np.maximum(widths, heights)


def _loses_much(widths: np.ndarray, heights: np.ndarray) -> np.ndarray:
    """Says of which pictures the centre square leaves out more than a third; one of 3 : 2 may be a pixel off."""
    return 3 * (np.minimum(widths, heights).astype(np.int64) + 1) < 2 * np.maximum(widths, heights).astype(np.int64)
