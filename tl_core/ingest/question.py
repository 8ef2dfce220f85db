"""The question how a tree is to be understood, as plain data: its readings with a few pictures of each class."""

from collections.abc import Callable
from functools import cache

from tl_core.datasets.images.data_address import data_address
from tl_core.datasets.images.decode import decode_image
from tl_core.datasets.own.description import describe_classes
from tl_core.errors import InputError
from tl_core.ingest.readings.reading import Reading, Readings
from tl_core.ingest.sources import Source, printable_path

MOST_READINGS = 4  # that one can look at side by side
MOST_CLASSES = 12  # of which pictures are shown, for each reading
N_EXAMPLES = 3  # of a class
N_LEFT_OUT = 3  # files that are named
THUMBNAIL_PX = 96


def question_of(source: Source, readings: Readings) -> list[dict]:
    """Returns the readings that somebody may choose from, the best first: the first is number 1.

    Args:
        source: Where their pictures are.
        readings: All of them; the same tree always has the same, in the same order.

    Returns:
        Of each, beside what `Reading.to_dict` says of its levels, labels and doubts: "content", a note that says what
        there would be, "left_out", a few of the files that would be, and "examples", {class: [data address]}.
    """

    @cache
    def thumbnail(file: str) -> str | None:
        try:
            return data_address(decode_image(source.read(file), file), THUMBNAIL_PX)
        except InputError:  # what cannot be shown is left out of the data set as well
            return None

    return [_choice(reading, thumbnail) for reading in readings.all[:MOST_READINGS]]


def _choice(reading: Reading, thumbnail: Callable[[str], str | None]) -> dict:
    told = reading.to_dict()
    counts = told.pop("counts")
    classes = told.pop("classes")
    n_left_out = len(reading.left_out)
    left_out = [reading.left_out[n_left_out * at // N_LEFT_OUT].file for at in range(min(N_LEFT_OUT, n_left_out))]
    return told | {
        "n_classes": len(classes),
        "counts": {name: counts[name] for name in classes[:MOST_CLASSES]},
        "content": describe_classes(classes, told["splits"], told["n_pictures"]).to_dict(),
        "left_out": [printable_path(file) for file in left_out],
        "examples": {
            name: [shown for file in reading.examples(name, N_EXAMPLES) if (shown := thumbnail(file))]
            for name in classes[:MOST_CLASSES]
        },
    }
