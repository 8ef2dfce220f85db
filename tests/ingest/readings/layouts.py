"""Makers of trees in the shapes that people's folders have, each with what is really in it; only the names of files."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import product

from tl_core.datasets.own.splits import TEST, TRAIN, UNKNOWN, VALIDATION

Truth = dict[str, tuple[str, int]]

FRUIT = ("apple", "pear", "plum")


@dataclass(frozen=True)
class Layout:
    """A tree and what a person knows of it.

    Attributes:
        name: What kind it is.
        truth: Class and split of each picture that has them.
        more: Files that are no data: never in a class.
        refused: Code of the error that fits, where there are no classes; "" where there are.
        must_ask: Whether names alone cannot tell.
    """

    name: str
    truth: Truth
    more: list[str] = field(default_factory=list)
    refused: str = ""
    must_ask: bool = False

    @property
    def files(self) -> list[str]:
        return [*self.truth, *self.more]


def grid(pattern: str, classes: tuple[str, ...] = FRUIT, n: int = 6, split: int = UNKNOWN, **more: object) -> Truth:
    """Returns n files for each class: the pattern filled in with `name`, `n` and all combinations of what is given."""
    choices = {key: value if isinstance(value, tuple | list) else (value,) for key, value in more.items()}
    return {
        pattern.format(name=name, n=at, **dict(zip(choices, combined, strict=True))): (name, split)
        for name in classes
        for combined in product(*choices.values())
        for at in range(n)
    }


def in_splits(pattern: str, words: dict[str, int], classes: tuple[str, ...] = FRUIT, **more: object) -> Truth:
    """Returns the files of a pattern for each split, by what its folder is called."""
    found: Truth = {}
    for word, split in words.items():
        found |= grid(pattern, classes, split=split, word=word, **more)
    return found


def names(pattern: str, n: int = 6, **more: object) -> list[str]:
    """Returns files that have no class."""
    return list(grid(pattern, ("",), n, **more))


def others(truth: Truth, change: Callable[[str], str]) -> list[str]:
    """Returns a second file for each picture, by a change of its path."""
    return [change(file) for file in truth]


def layouts() -> Iterator[Layout]:
    """Yields all layouts."""
    yield from plain()
    yield from splits()
    yield from without_labels()
    yield from levels()
    yield from companions()
    yield from suspicious()
    yield from in_names()
    yield from refused()


def plain() -> Iterator[Layout]:
    classes = {
        "words": FRUIT,
        "spaces and capitals": ("Golden Delicious", "granny SMITH", "Fuji"),
        "zh": ("苹果", "梨", "李子"),
        "arabic and russian": ("تفاح", "груша", "слива"),
        "numbers": tuple(str(at) for at in range(12)),
        "class and number": tuple(f"Class {at}" for at in range(1, 13)),
        "numbered words": ("001.Black_footed_Albatross", "002.Laysan_Albatross", "003.Sooty_Albatross"),
        "ids of words": ("n02085620", "n02085782", "n02085936"),
        "cameras by name": ("train", "bus", "tram"),
        "faces with and without": ("with_mask", "without_mask"),
    }
    for name, called in classes.items():
        yield Layout(f"plain, {name}", grid("{name}/{n}.jpg", called))
    for around in ("fruit/", "data/raw/2024/", "train/", "images/", "7/"):
        yield Layout(f"plain, in {around}", grid(around + "{name}/{n}.jpg"))
    junk = [
        ".ipynb_checkpoints/a.jpg",
        "__pycache__/a.pyc",
        "apple/.thumbnails/1.jpg",
        "apple/Thumbs.db",
        "desktop.ini",
    ]
    tables = ["list.txt", "devkit/cars.mat", "readme", "apple/1.xml", "labels.csv", "meta/classes.json"]
    yield Layout("plain, with what tools leave", grid("{name}/{n}.png"), junk)
    yield Layout("wrapped, beside lists and tables", grid("256/{name}/{n}.png"), tables)
    yield Layout("images in each class", grid("{name}/images/{n}.JPEG"), [f"{name}/{name}_boxes.txt" for name in FRUIT])
    yield Layout("two levels down", grid("set/images/Images/{name}/{n}.jpg"), ["set/lists/train.txt"])
    yield Layout("deeper than needed", grid("{name}/{name}_photos/{n}.jpg"))


def splits() -> Iterator[Layout]:
    words = {
        "usual": {"train": TRAIN, "val": VALIDATION, "test": TEST},
        "capitals": {"TRAIN": TRAIN, "Test": TEST},
        "long": {"training": TRAIN, "validation": VALIDATION, "testing": TEST},
        "suffix": {"train_data": TRAIN, "valid_data": VALIDATION, "test_data": TEST},
        "prefix": {"x_train": TRAIN, "x_test": TEST},
        "spaces": {"Train Set": TRAIN, "Validation Set": VALIDATION, "Test Set": TEST},
        "joined": {"trainset": TRAIN, "testset": TEST},
        "camel": {"TrainData": TRAIN, "ValidData": VALIDATION, "TestData": TEST},
        "numbered": {"train1": TRAIN, "test1": TEST},
        "shared": {"seg_train": TRAIN, "seg_test": TEST},
        "percent": {"fruits-360_Training": TRAIN, "fruits-360_Test": TEST},
        "zh": {"训练集": TRAIN, "验证集": VALIDATION, "测试集": TEST},
        "zh, longer": {"训练数据": TRAIN, "测试数据": TEST},
        "es": {"entrenamiento": TRAIN, "prueba": TEST},
    }
    for name, called in words.items():
        yield Layout(f"splits, {name}", in_splits("{word}/{name}/{n}.jpg", called))
    usual = words["usual"]
    yield Layout("splits in a wrapper", in_splits("a/b/{word}/{name}/{n}.jpg", usual), ["a/b/data.csv"])
    yield Layout("splits below the class", in_splits("{name}/{word}/{n}.jpg", usual))
    yield Layout("splits below the class, in a wrapper", in_splits("x/{name}/{word}_set/{n}.jpg", usual))
    yield Layout("split in itself", in_splits("{word}/{word}/{name}/{n}.jpg", words["prefix"]))
    yield Layout(
        "split in itself, beside one to predict",
        in_splits("{word}/{word}/{name}/{n}.jpg", words["shared"]),
        names("seg_pred/seg_pred/{n}.jpg"),
    )
    yield Layout("images in each class of each split", in_splits("{word}/{name}/images/{n}.JPEG", usual))
    for beside in ("predict", "samples", "__MACOSX", "logs", "my own pictures"):
        yield Layout(f"splits beside {beside}", in_splits("{word}/{name}/{n}.jpg", usual), names(beside + "/{n}.jpg"))
    yield Layout("train beside samples", grid("train/{name}/{n}.jpg"), names("samples/{n}.jpg"))
    yield Layout("splits of short names", in_splits("{word}/{name}/{n}.jpg", usual, ("x", "y", "z")))
    yield Layout(
        "test beside the classes", grid("{name}/{n}.jpg", split=TRAIN) | grid("test/{name}/{n}.jpg", n=2, split=TEST)
    )
    both = {"train": TRAIN, "test": TEST}
    yield Layout("class and split in one name", in_splits("{name}_{word}/{n}.jpg", both, ("Black_bear", "cat")))
    yield Layout("split and class in one name", in_splits("{word}{name}/{n}.jpg", both, ("A", "B")))


def without_labels() -> Iterator[Layout]:
    train = grid("train/{name}/{n}.jpg")
    for test in ("test/{n}.jpg", "test1/{n}.jpg", "test/unknown/{n}.jpg", "test/images/{n}.jpg", "测试/{n}.jpg"):
        yield Layout(f"test without labels, {test}", train, names(test))
    both = in_splits("{word}/{name}/{n}.jpg", {"train": TRAIN, "val": VALIDATION})
    yield Layout("validation, and a flat test", both, names("test/{n}.jpg"))
    yield Layout(
        "tiny",
        grid("tiny/train/{name}/images/{n}.JPEG"),
        [*names("tiny/val/images/{n}.JPEG"), *names("tiny/test/images/t_{n}.JPEG"), "tiny/words.txt"],
    )
    yield Layout("test folder beside flat classes", grid("{name}/{n}.jpg"), names("test/{n}.jpg"), must_ask=True)


def levels() -> Iterator[Layout]:
    ask = {"must_ask": True}
    yield Layout("folds", grid("fold{k}/{name}/{n}.jpg", k=range_of(5)))
    yield Layout("parts", grid("part {k}/{name}/{n}.jpg", k=(1, 2)))
    yield Layout("cameras", grid("cam_{k}/{name}/{n}.jpg", k=("A", "B", "C")))
    yield Layout("persons", grid("person{k}/{name}/{n}.jpg", k=range_of(4)), **ask)
    yield Layout("names of persons", grid("{k}/{name}/{n}.jpg", k=("anna", "ben", "chen")), **ask)
    yield Layout("variants", grid("{k}/{name}/x{n}.jpg", k=("color", "grayscale", "segmented")), **ask)
    one = grid("color/{name}/x{n}.jpg")
    yield Layout("one variant of three", one, others(one, lambda file: file.replace("color", "gray")), **ask)
    yield Layout("magnifications", grid("{k}/{name}/{n}.png", k=("40X", "100X", "200X", "400X")), **ask)
    yield Layout("films in each class", grid("{name}/video_{k}/{n}.jpg", k=range_of(4)))
    yield Layout("persons in each class", grid("{name}/subject {k}/{n}.jpg", k=range_of(4)), **ask)
    yield Layout("places in each class", grid("{name}/{k}/{n}.jpg", k=("indoor", "outdoor")), **ask)
    kinds = grid("animal/{name}/{n}.jpg", ("cat", "dog")) | grid("vehicle/{name}/{n}.jpg", ("car", "bus"))
    yield Layout("kinds of kinds", kinds, **ask)
    yield Layout("digits of writers", grid("{k}/{name}/{n}.png", ("0", "1", "2"), k=("anna", "ben")), **ask)
    yield Layout(
        "persons in splits",
        in_splits("{word}/{k}/{name}/{n}.jpg", {"train": TRAIN, "test": TEST}, k=("s1", "s2")),
        **ask,
    )
    yield Layout(
        "folds in splits", in_splits("{word}/fold{k}/{name}/{n}.jpg", {"train": TRAIN, "test": TEST}, k=range_of(3))
    )
    yield Layout("ids", grid("{name}/1.jpg", tuple(f"p{at:04d}" for at in range(150)), n=1), **ask)
    spelled = grid("train/{name}/{n}.jpg", ("defective", "ok"), split=TRAIN)
    spelled |= grid("test/{name}/{n}.jpg", ("Defective", "okay"), split=TEST)
    yield Layout("test spelled otherwise", spelled, **ask)


def range_of(n: int) -> tuple[int, ...]:
    return tuple(range(1, n + 1))


def suspicious() -> Iterator[Layout]:
    ask = {"must_ask": True}
    yield Layout("samples beside classes", grid("{name}/{n}.jpg"), names("samples/{n}.jpg"), **ask)
    yield Layout("figures beside the folder of classes", grid("photos/{name}/{n}.jpg"), names("docs/{n}.png"), **ask)
    yield Layout("original and augmented", grid("{k}/{name}_{n}.jpg", k=("original", "augmented")), **ask)
    yield Layout("mask or face", grid("{name}/{n}.jpg", ("mask", "face")), **ask)
    pictures = grid("originals/{name}_{n}.jpg")
    masks = others(pictures, lambda file: file.replace("originals", "masks").replace("jpg", "png"))
    yield Layout("originals beside masks", pictures, masks, **ask)
    more = in_splits("{word}/{name}/{n}.jpg", {"train": TRAIN, "test": TEST})
    yield Layout("more of the same beside the splits", more, list(grid("train_aug/{name}/{n}.jpg")), **ask)


def companions() -> Iterator[Layout]:
    rock = grid("rps/{name}/{n}.png")
    yield Layout("copy in itself", rock, others(rock, lambda file: file.replace("rps/", "rps/rps-cv-images/")))
    xray = in_splits("xray/{word}/{name}/{n}.png", {"train": TRAIN, "val": VALIDATION, "test": TEST})
    yield Layout("copy of splits in itself", xray, others(xray, lambda file: "xray/" + file))
    inside = grid("images/{name}/{n}.jpg")
    for folder in ("annotations", "masks", "labels", "ground_truth", "GroundTruth", "标注"):
        masks = others(inside, lambda file, folder=folder: file.replace("images", folder).replace(".jpg", ".png"))
        yield Layout(f"images beside {folder}", inside, masks)
    in_class = grid("{name}/images/{n}.jpg")
    yield Layout("masks in each class", in_class, others(in_class, lambda file: file.replace("images", "masks")))
    beside = grid("{name}/scan ({n}).png")
    yield Layout("masks beside the files", beside, others(beside, lambda file: file.replace(".png", "_mask.png")))
    train = in_splits("{word}/{name}/{n}.jpg", {"train": TRAIN, "test": TEST})
    yield Layout("masks beside the split", train, others(train, lambda file: file.replace("train", "train_masks")))
    dogs = grid("images/Images/{name}/{n}.jpg")
    xml = others(dogs, lambda file: file.replace("images/Images", "annotations/Annotation").removesuffix(".jpg"))
    yield Layout("breeds with annotations", dogs, xml)
    side = grid("{name}/{n}.jpg")
    yield Layout(
        "a text and a table beside each picture",
        side,
        [other for file in side for other in (file.replace("jpg", "xml"), file.replace("jpg", "json"))],
    )


def in_names() -> Iterator[Layout]:
    for pattern in ("{name}.{n}.jpg", "{name}_{n}.png", "{name} ({n}).jpg", "{name}{n}.jpg", "images/{name}-{n}.jpg"):
        yield Layout(f"names, {pattern}", grid(pattern))
    yield Layout("names with numbers before", grid("{n}_{name}.jpg"))
    yield Layout("names, zh", grid("{name}{n}.jpg", ("苹果", "梨")))
    yield Layout("names of several words", grid("{name}_{n}.jpg", ("great_pyrenees", "beagle", "Egyptian_Mau")))
    yield Layout("cats and dogs", grid("train/{name}.{n}.jpg", ("cat", "dog")), names("test1/{n}.jpg"))
    yield Layout("names in splits", in_splits("{word}/{name}_{n}.jpg", {"train": TRAIN, "test": TEST}))
    pets = grid("images/{name}_{n}.jpg")
    trimaps = others(pets, lambda file: file.replace("images", "annotations/trimaps").replace("jpg", "png"))
    yield Layout("pets", pets, [*trimaps, "annotations/list.txt"])
    facts = {
        f"{age}_{sex}_{race}_2017{age}{at}.jpg": (str(sex), UNKNOWN)
        for age in (25, 31, 40)
        for sex in (0, 1)
        for race in (0, 1, 2)
        for at in range(3)
    }
    yield Layout("facts in names", facts, must_ask=True)
    two = {
        f"{colour}_{name}_{at}.jpg": (name, UNKNOWN) for colour in ("red", "green") for name in FRUIT for at in range(4)
    }
    yield Layout("two words in names", two, must_ask=True)


def refused() -> Iterator[Layout]:
    yield Layout("flat", {}, names("{n}.jpg"), "import_no_classes")
    yield Layout("flat, of a camera", {}, names("DCIM/IMG_{n}.jpg"), "import_no_classes")
    yield Layout("one folder", {}, names("apple/{n}.jpg"), "import_one_class")
    yield Layout("flat splits", {}, names("{word}/{n}.jpg", word=("train", "test")), "import_only_splits")
    yield Layout(
        "flat splits of a camera", {}, names("{word}/IMG_{n}.jpg", word=("train", "val")), "import_only_splits"
    )
    yolo = names("{word}/images/{n}.jpg", word=("train", "valid"))
    texts = [file.replace("images", "labels").replace("jpg", "txt") for file in yolo]
    yield Layout("yolo", {}, [*yolo, *texts, "data.yaml"], "import_boxes_yolo")
    coco = names("{word}/{n}.jpg", word=("train2017", "val2017"))
    yield Layout("coco", {}, [*coco, "annotations/instances_train2017.json"], "import_boxes_coco")
    voc = names("VOC/JPEGImages/{n}.jpg")
    xml = [file.replace("JPEGImages", "Annotations").replace("jpg", "xml") for file in voc]
    yield Layout("voc", {}, [*voc, *xml, "VOC/ImageSets/Main/train.txt"], "import_boxes_voc")
