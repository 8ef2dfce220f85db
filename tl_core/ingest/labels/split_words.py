"""Words for the splits of a data set, in the names of folders, files and columns."""

import re
from types import MappingProxyType

from tl_core.datasets.own.splits import TEST, TRAIN, UNKNOWN, VALIDATION

_WORDS = MappingProxyType(
    dict.fromkeys(["train", "training", "trn", "xtrain", "ytrain", "训练", "训练集"], TRAIN)
    | dict.fromkeys(["val", "valid", "validation", "dev", "xval", "yval", "publictest", "验证", "验证集"], VALIDATION)
    | dict.fromkeys(["test", "testing", "xtest", "ytest", "privatetest", "测试", "测试集"], TEST)
)
_HUMP = re.compile("(?<=[a-z])(?=[A-Z])")
_WORD = re.compile("[a-z]+|[\u4e00-\u9fff]+")


def split_named(name: str) -> int:
    """Returns the split that a name speaks of: "train_images", "x_test", "valid"; `UNKNOWN` for none or several."""
    plain = re.sub("(?i)t10k", "test", name)  # MNIST's own word
    words = _WORD.findall(plain.casefold())
    words = words if set(words) & set(_WORDS) else _WORD.findall(_HUMP.sub(" ", plain).casefold())
    found = {_WORDS[word] for word in words if word in _WORDS}
    return found.pop() if len(found) == 1 else UNKNOWN


def without_splits(name: str) -> str:
    """Returns a name without the words for splits: what "train_labels" and "test_labels" have in common."""
    return "_".join(word for word in re.findall(r"[^\W_]+", name.casefold()) if word not in _WORDS)


def split_of_path(file: str) -> int:
    """Returns the split that the folders of a file speak of, the outermost first; `UNKNOWN` for none."""
    splits = (split_named(folder) for folder in file.split("/")[:-1])
    return next((split for split in splits if split != UNKNOWN), UNKNOWN)
