"""What columns are called: how much a name sounds like that of a label, of a split, of a group, of a box."""

import re

from tl_core.ingest.labels.split_words import without_splits

_STRONG = frozenset(
    {"label", "labels", "class", "classes", "category", "categories", "target", "diagnosis", "dx", "breed", "species"}
    | {"classid", "classname", "classification", "y", "emotion", "disease", "标签", "类别", "分类"}
)
_WEAK = frozenset(["type", "kind", "name", "tag", "variant", "genus", "family", "id", "labelid", "subclass", "种类"])
_GROUP = re.compile("(patient|lesion|subject|person|participant|video|clip|scene|session|病人|患者)(_?id)?")
_SPLIT = frozenset(["split", "set", "subset", "usage", "partition", "dataset", "数据集", "is_train", "istrain"])
_BOX = re.compile("(x|y|w|h)_?(min|max)|(x|y)[12]|bbox.*|box|xtl|ytl|xbr|ybr|roi[._ ]?[xy][12]|(xmin|ymin).*")
_MEASURES = re.compile("width|height|rows|cols|columns|size|filesize|url|image_url|link|md5|sha256|index|unnamed.*")
_NUMBERS = re.compile("age|score|count|price|weight|temperature|year|angle|distance|n_.*|num_.*|rating|年龄|数量")
_HUMP = re.compile("(?<=[a-z])(?=[A-Z])")


def words_of(column: str) -> list[str]:
    """Returns the words of a column's name, in small letters."""
    return re.findall(r"[^\W_]+", _HUMP.sub(" ", column).casefold())


def label_score(column: str) -> int:
    """Returns how much a name sounds like a label's: 3 is one, 2 has its word, 1 perhaps, 0 not at all."""
    words = words_of(without_splits(_HUMP.sub(" ", column)))
    if "".join(words) in _STRONG:
        return 3
    if set(words) & _STRONG:
        return 2
    return 1 if set(words) & _WEAK and set(words) - {"id"} else 0


def is_group(column: str) -> bool:
    """Says whether a column tells what belongs together: a person, a film."""
    return bool(_GROUP.fullmatch("_".join(words_of(column))))


def is_split(column: str) -> bool:
    """Says whether a column is called like one of splits."""
    return "_".join(words_of(column)) in _SPLIT or "split" in words_of(column)


def is_box(column: str) -> bool:
    """Says whether a column is called like the side of a box."""
    return bool(_BOX.fullmatch(column.strip().casefold()))


def is_measure(column: str) -> bool:
    """Says whether a column is called like something that is never a label: a size, an address, a number of the row."""
    return bool(_MEASURES.fullmatch("_".join(words_of(column)) or "unnamed"))


def is_amount(column: str) -> bool:
    """Says whether a column is called like an amount, which is no class."""
    return bool(_NUMBERS.fullmatch("_".join(words_of(column))))
