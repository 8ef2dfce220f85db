"""What is to be said of pictures that were made ready: what was scaled, laid on a ground, or made all the same."""

from collections import Counter
from collections.abc import Iterator, Sequence

from tl_core.datasets.images.preparation import Preparation
from tl_core.datasets.own.notes import Note
from tl_core.errors import InputError
from tl_core.ingest.packs import Packed
from tl_core.ingest.request import ImportRequest


def check_differ(pictures: Sequence[Packed], request: ImportRequest) -> None:
    """Refuses folders whose pictures are all the same: no network could tell their classes apart.

    Raises:
        InputError: "import_all_same".
    """
    kept = [one.kept for one in pictures]
    if request.class_name is not None or len(kept) < 2:
        return
    is_one = len({one.sha for one in kept}) == 1
    if is_one or (all(one.is_flat for one in kept) and len({one.look.small[0, 0].tobytes() for one in kept}) == 1):
        raise InputError("import_all_same", source=request.source, n=len(kept))


def preparation_notes(pictures: Sequence[Packed], preparation: Preparation) -> Iterator[Note]:
    """Yields what a person should know of how new pictures were made ready."""
    kept = [one.kept for one in pictures]
    rules = Counter(one.scale_rule for one in kept)
    if rules["set"]:
        yield Note("deep_range", {"n": rules["set"], "low": preparation.low, "high": preparation.high})
    if rules["stated"]:
        yield Note("deep_stated", {"n": rules["stated"]})
    if n_clipped := sum(one.is_clipped for one in kept):
        yield Note("deep_clipped", {"n": n_clipped, "low": preparation.low, "high": preparation.high})
    n_clear = sum(one.is_clear for one in kept)
    if n_clear and preparation.ground != "white":
        yield Note("on_black" if preparation.ground == "black" else "on_grey", {"n": n_clear})
    if n_faint := sum(one.is_faint for one in kept):
        yield Note("faint", {"n": n_faint})
