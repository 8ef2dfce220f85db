"""Words that folders are called by: for splits, for masks, for variants of pictures, for what belongs together."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Collection, Iterable
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

from tl_core.datasets.own.splits import TEST, TRAIN, VALIDATION


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_TOKEN = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[^\W\d_A-Z]+|\d+")
_SPLIT_WORDS = MappingProxyType(
    dict.fromkeys(["train", "training", "trn", "entrenamiento", "treino", "entrainement", "обучение", "学習"], TRAIN)
    | dict.fromkeys(["val", "valid", "validation", "dev", "eval", "evaluation", "validierung"], VALIDATION)
    | dict.fromkeys(["validacion", "validacao", "検証"], VALIDATION)
    | dict.fromkeys(["test", "testing", "tst", "holdout", "prueba", "teste", "тест", "テスト"], TEST)
)
_CHINESE_SPLITS = MappingProxyType(
    dict.fromkeys(["训练", "訓練"], TRAIN)
    | dict.fromkeys(["验证", "驗證", "校验"], VALIDATION)
    | dict.fromkeys(["测试", "測試"], TEST)
)
_CHINESE_FILLERS = re.compile("数据集|資料集|数据|图片|图像|样本|集|用|组")
_ENDINGS = ("ing", "set", "sets", "data", "dataset", "images", "imgs", "folder", "dir")
_PICTURES = _words(
    "image images img imgs picture pictures pic pics photo photos jpegimages jpeg jpegs jpg jpgs png pngs "
    "frames 图片 图像 照片 bilder fotos imagenes 画像"
)
_FILLERS = _words("x y data dataset datasets set sets folder dir split splits the my all new final")
_MASKS = _words(
    "mask masks annotation annotations annotated label labels gt groundtruth groundtruths segmentation "
    "segmentations segmentationclass segmentationobject trimap trimaps xmls bboxes boxes 标注 标签 掩码 掩膜 蒙版"
)
_BESIDE = _words(
    "predict prediction predictions pred sample samples inference demo example examples unlabeled unlabelled "
    "submission submissions output outputs result results log logs preview thumbnails docs 预测 示例 样例 输出 结果"
)
_UNLABELLED = _words("unknown unlabeled unlabelled all none no label labels class dummy 未知 未标注")
_UNNAMED = _PICTURES | _words(
    "dsc dscn dscf dscf dcim p pxl vid mvi frame screenshot screen shot wechat weixin mmexport whatsapp "
    "im file scan capture snapshot untitled download downloads sample test train val n no nr 微信图片 屏幕截图 截图 "
    "图"
)
_VARIANTS = _words(
    "color colour colored gray grey grayscale greyscale rgb hsv segmented original originals orig raw "
    "augmented augmentation aug cropped crop crops resized processed preprocessed edges depth thermal ir "
    "nir denoised normalized enhanced full small large lowres highres 彩色 灰度 原图 增强 原始"
)
_SIZE = re.compile(r"\d+\s*(x|px|倍)(\s*\d+)?", re.IGNORECASE)


class Kind(StrEnum):
    """What the names of a level's folders say that they are; `WORDS` where they say nothing."""

    WORDS = "words"
    FOLDS = "folds"  #: Parts of a whole: folds, parts, batches.
    CAMERAS = "cameras"
    PERSONS = "persons"
    SESSIONS = "sessions"  #: Films, days, takes.
    VARIANTS = "variants"  #: The same pictures in another form.
    NUMBERED = "numbered"  #: Numbers, or one word with numbers.


_KINDS = MappingProxyType(
    {
        Kind.FOLDS: _words("fold folds kfold cv part parts batch chunk shard volume disc zip 折 部分 批"),
        Kind.CAMERAS: _words("camera cam cams sensor device phone kamera 相机 摄像头 手机"),
        Kind.PERSONS: _words(
            "person persons subject subj sub user patient participant student writer actor volunteer pupil people "
            "人 人物 受试者 患者 学生 用户"
        ),
        Kind.SESSIONS: _words(
            "session day date take scene video clip seq sequence film recording run trial episode 视频 场景 天"
        ),
    }
)


class SplitName(NamedTuple):
    """The split that a folder is called after, and what else its name says, in lower case."""

    split: int
    rest: tuple[str, ...]


def tokens(name: str) -> tuple[str, ...]:
    """Returns the words and numbers of a name, in lower case: "TrainSet_2" is train, set, 2."""
    plain = unicodedata.normalize("NFKC", name)
    unaccented = "".join(sign for sign in unicodedata.normalize("NFD", plain) if sign.isascii() or sign.isalpha())
    return tuple(word.casefold() for word in _TOKEN.findall(unaccented))


def letters(name: str) -> tuple[str, ...]:
    """Returns the words of a name without its numbers."""
    return tuple(word for word in tokens(name) if not word.isdigit())


def split_name(name: str) -> SplitName | None:
    """Returns which split a folder is called after; None for none, or for two."""
    found, rest = [], []
    for word in letters(name):
        split, left = _split_word(word)
        found += [] if split is None else [split]
        rest += [one for one in left if one not in _FILLERS | _PICTURES]
    return SplitName(found[0], tuple(rest)) if len(set(found)) == 1 else None


def _split_word(word: str) -> tuple[int | None, list[str]]:
    for chinese, split in _CHINESE_SPLITS.items():
        if chinese in word:
            left = _CHINESE_FILLERS.sub("", word.replace(chinese, ""))
            return split, [left] if left else []
    if word in _SPLIT_WORDS:
        return _SPLIT_WORDS[word], []
    for ending in _ENDINGS:
        if word.endswith(ending) and word.removesuffix(ending) in _SPLIT_WORDS:
            return _SPLIT_WORDS[word.removesuffix(ending)], []
    return None, [word]


def splits_among(names: Iterable[str]) -> dict[str, int]:
    """Returns those of sibling folders that are splits, and which.

    "train" and "test" are; "seg_train" and "seg_test" are because they share the rest of their name; "bullet train"
    beside "steam train" is not.
    """
    by_rest: dict[tuple[str, ...], dict[str, int]] = defaultdict(dict)
    for name in names:
        if found := split_name(name):
            by_rest[found.rest][name] = found.split
    plain = by_rest.pop((), {})
    shared = [rows for rows in by_rest.values() if len(set(rows.values())) > 1]
    return plain | (shared[0] if len(shared) == 1 and not plain else {})


def classes_and_splits(names: Collection[str]) -> dict[str, tuple[str, int]]:
    """Returns class and split of folders called after both ("cat_train", "dog_test"); empty where not all are."""
    found = {name: split_name(name) for name in names}
    if not all(one and one.rest for one in found.values()):
        return {}
    pairs = {name: (_without_split(name, one), one.split) for name, one in found.items() if one}
    splits_of = defaultdict(set)
    for called, split in pairs.values():
        splits_of[called].add(split)
    is_whole = len(splits_of) > 1 and all(TRAIN in splits and len(splits) > 1 for splits in splits_of.values())
    return pairs if is_whole else {}


def _without_split(name: str, found: SplitName) -> str:
    """Returns a name as it stands, without the words about its split: "Black_bear_train" is left with Black_bear."""
    left = _TOKEN.sub(lambda word: word[0] if word[0].casefold() in found.rest else "", name)
    return re.sub(r"([\s_.\-])[\s_.\-]+", r"\1", left).strip(" _.-") or " ".join(found.rest)


def is_called_pictures(name: str) -> bool:
    """Says whether a folder is only called after what is in it: "images"."""
    words = letters(name)
    return bool(set(words) & _PICTURES) and all(word in _PICTURES | _FILLERS for word in words)


def is_called_masks(name: str) -> bool:
    """Says whether a folder is called after annotations: masks, labels, a ground truth."""
    return bool(set(tokens(name)) & _MASKS) or "groundtruth" in "".join(tokens(name))


def without_mask_words(name: str) -> tuple[str, ...]:
    """Returns the words of a name that do not speak of annotations: "train_masks" is left with train."""
    return tuple(word for word in tokens(name) if word not in _MASKS and word not in ("ground", "truth", "groundtruth"))


def is_called_beside(name: str) -> bool:
    """Says whether a folder is called after what is no data: predictions, samples, results."""
    return bool(set(letters(name)) & _BESIDE)


def is_called_unlabelled(name: str) -> bool:
    """Says whether the one folder in a split is called after having no label."""
    words = letters(name)
    return not words or is_called_pictures(name) or split_name(name) is not None or set(words) <= _UNLABELLED


def says_nothing(name: str) -> bool:
    """Says whether the beginning of a file's name is that of any picture: "IMG", "frame"."""
    words = letters(name)
    return all(word in _UNNAMED or word in _FILLERS for word in words)


def is_no_class(name: str) -> bool:
    """Says whether the only folder is called as any folder of pictures is: "images", "DCIM"."""
    return bool(letters(name)) and says_nothing(name)


def kind_of(names: Collection[str]) -> Kind:
    """Returns what a level's folders are, by their names."""
    said = [set(letters(name)) for name in names]
    for kind, words in _KINDS.items():
        if all(one & words and all(word in words or len(word) == 1 for word in one) for one in said):
            return kind
    if len(names) > 1 and all(_is_variant(name) for name in names):
        return Kind.VARIANTS
    stems = {letters(name) for name in names}
    is_numbered = len(stems) == 1 and all(re.search(r"\d", name) for name in names)
    return Kind.NUMBERED if is_numbered else Kind.WORDS


def _is_variant(name: str) -> bool:
    return _SIZE.fullmatch(name.strip()) is not None or bool(set(letters(name)) & _VARIANTS)


def natural_order(name: str) -> list[tuple[int, int, str]]:
    """Returns the key by which names are sorted as people count: 2 before 10."""
    parts = re.split(r"(\d+)", name)
    return [(0, int(part), "") if part.isdecimal() and part.isascii() else (1, 0, part) for part in parts if part]
