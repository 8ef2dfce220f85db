"""The splits that files, columns and cells speak of, by the words that folders are called by."""

import re

from tl_core.datasets.own.splits import UNKNOWN
from tl_core.ingest.readings.words import split_name

_OF_ONE_SET = (("t10k", "test"), ("publictest", "validation"), ("privatetest", "test"))  # MNIST's words, and FER 2013's
_ARRAYS = re.compile("(?i)(?<![a-z])[xy](?=train|val|test)")  # xtrain and ytest


def split_named(name: str) -> int:
    """Returns the split that a name speaks of: "train_images", "x_test", "valid"; `UNKNOWN` for none or several."""
    for word, split in _OF_ONE_SET:
        name = re.sub(f"(?i){word}", split, name)
    found = split_name(_ARRAYS.sub("", name))
    return found.split if found else UNKNOWN


def without_splits(name: str) -> str:
    """Returns a name without the words for splits: what "train_labels" and "test_labels" have in common."""
    return "_".join(word for word in re.findall(r"[^\W_]+", name.casefold()) if split_named(word) == UNKNOWN)


def split_of_path(file: str) -> int:
    """Returns the split that the folders of a file speak of, the outermost first; `UNKNOWN` for none."""
    splits = (split_named(folder) for folder in file.split("/")[:-1])
    return next((split for split in splits if split != UNKNOWN), UNKNOWN)
