"""The data sets that a student can choose: pure data, importable in milliseconds.

Names and descriptions for the screen are copy: `dataset.<id>.name`, `dataset.<id>.about`, `class.<slug>`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal

from tl_core.datasets.images.preparation import PLAIN, Preparation
from tl_core.errors import UnknownIdError


@dataclass(frozen=True)
class DatasetInfo:
    """What is known about a data set before any picture is read.

    Attributes:
        id: The name used in specs, links and records.
        file: Parquet file in assets/datasets, or the downloaded file in the data folder.
        classes: English class names; a label is an index into them.
        source: Authors and paper.
        licence: Licence of the pictures.
        n_train: Number of training pictures.
        n_validation: Number of validation pictures.
        n_test: Number of test pictures.
        image_size: Native side, in pixels; every picture of a catalogued set is square.
        channels: 1 for grey pictures, 3 for colour. Loaded arrays always have three channels.
        can_flip: Whether a mirrored picture still shows its class (not so for digits; a mirrored chest has its heart
            on the wrong side).
        merge: For each label in the file the label it stands for here, or `LEFT_OUT` where the set has no pictures of
            that class; None when the labels are used as they are.
        is_shuffled: Whether the labels of the training pictures were dealt anew at random, always the same way: there
            is nothing to be learned but the pictures by heart.
        origin: "bundled" with this project, "keras": the full set, downloaded when first used, or "own": brought by a
            visitor (`datasets.own.album`).
        url: Where it is downloaded from; None for bundled ones.
        lacks: Splits that should have pictures of certain classes and have none, ((split, (class, …)), …): then it
            cannot be trained on.
        preparation: How its pictures were made ready, and others are that a run trained on it is asked about.
    """

    id: str
    file: str
    classes: tuple[str, ...]
    source: str
    licence: str
    n_train: int
    n_validation: int
    n_test: int
    image_size: int
    channels: int
    can_flip: bool
    merge: tuple[int, ...] | None = None
    is_shuffled: bool = False
    origin: Literal["bundled", "keras", "own"] = "bundled"
    url: str | None = None
    lacks: tuple[tuple[str, tuple[str, ...]], ...] = ()
    preparation: Preparation = PLAIN


GROCERIES_SOURCE = (
    "M. Klasson, C. Zhang, H. Kjellström: A Hierarchical Grocery Store Image Dataset with Visual and Semantic Labels. "
    "WACV 2019"
)
CIFAR10_SOURCE = "A. Krizhevsky: Learning Multiple Layers of Features from Tiny Images. University of Toronto 2009"
CIFAR10_LICENCE = "No licence stated by the authors; published for research, cite the report"
MNIST_SOURCE = (
    "Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-Based Learning Applied to Document Recognition. "
    "Proceedings of the IEEE 86(11), 1998"
)
MNIST_LICENCE = "CC BY-SA 3.0"
XRAY_SOURCE = (
    "D. Kermany et al.: Identifying Medical Diagnoses and Treatable Diseases by Image-Based Deep Learning. "
    "Cell 172(5), 2018"
)

FRUITS = (
    "Anjou",
    "Cantaloupe",
    "Conference",
    "Galia Melon",
    "Golden Delicious",
    "Granny Smith",
    "Honeydew Melon",
    "Kaiser",
    "Orange",
    "Pink Lady",
    "Red Delicious",
    "Royal Gala",
    "Satsuma",
    "Watermelon",
)
FRUIT_KINDS = ("Apple", "Melon", "Orange", "Pear", "Satsuma")
KIND_OF_FRUIT = (3, 1, 3, 1, 0, 0, 1, 3, 2, 0, 0, 0, 4, 1)
THINGS = ("Airplane", "Automobile", "Bird", "Cat", "Deer", "Dog", "Frog", "Horse", "Ship", "Truck")
DIGITS = tuple("0123456789")
LEFT_OUT = -1
HALF_A, HALF_B = THINGS[::2], THINGS[1::2]  # animals and vehicles in both
TO_HALF_A = tuple(at // 2 if at % 2 == 0 else LEFT_OUT for at in range(len(THINGS)))
TO_HALF_B = tuple(at // 2 if at % 2 else LEFT_OUT for at in range(len(THINGS)))
PARITY = ("Even", "Odd")
PARITY_OF_DIGIT = (0, 1) * 5


GROCERIES = DatasetInfo(
    id="groceries",
    file="groceries.parquet",
    classes=FRUITS,
    source=GROCERIES_SOURCE,
    licence="MIT",
    n_train=586,
    n_validation=146,
    n_test=661,
    image_size=160,
    channels=3,
    can_flip=True,
)
MNIST_SMALL = DatasetInfo(
    id="mnist-small",
    file="mnist-small.parquet",
    classes=DIGITS,
    source=MNIST_SOURCE,
    licence=MNIST_LICENCE,
    n_train=1_800,
    n_validation=300,
    n_test=900,
    image_size=28,
    channels=1,
    can_flip=False,
)
CIFAR10_SMALL = DatasetInfo(
    id="cifar10-small",
    file="cifar10-small.parquet",
    classes=THINGS,
    source=CIFAR10_SOURCE,
    licence=CIFAR10_LICENCE,
    n_train=3_000,
    n_validation=500,
    n_test=1_500,
    image_size=32,
    channels=3,
    can_flip=True,
)
CIFAR10_A = replace(
    CIFAR10_SMALL, id="cifar10-a", classes=HALF_A, merge=TO_HALF_A, n_train=1_500, n_validation=250, n_test=750
)

_ALL = (
    GROCERIES,
    replace(GROCERIES, id="groceries-coarse", classes=FRUIT_KINDS, merge=KIND_OF_FRUIT),
    CIFAR10_SMALL,
    CIFAR10_A,
    replace(CIFAR10_A, id="cifar10-b", classes=HALF_B, merge=TO_HALF_B),
    replace(CIFAR10_A, id="cifar10-a-shuffled", is_shuffled=True),
    MNIST_SMALL,
    replace(MNIST_SMALL, id="mnist-small-parity", classes=PARITY, merge=PARITY_OF_DIGIT),
    DatasetInfo(
        id="chest-xray-small",
        file="chest-xray-small.parquet",
        classes=("Normal", "Pneumonia"),
        source=XRAY_SOURCE,
        licence="CC BY 4.0",
        n_train=360,
        n_validation=60,
        n_test=180,
        image_size=224,
        channels=1,
        can_flip=False,
    ),
    DatasetInfo(
        id="cifar10",
        file="cifar-10-binary.tar.gz",
        classes=THINGS,
        source=CIFAR10_SOURCE,
        licence=CIFAR10_LICENCE,
        n_train=45_000,
        n_validation=5_000,
        n_test=10_000,
        image_size=32,
        channels=3,
        can_flip=True,
        origin="keras",
        url="https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
    ),
    DatasetInfo(
        id="mnist",
        file="mnist.npz",
        classes=DIGITS,
        source=MNIST_SOURCE,
        licence=MNIST_LICENCE,
        n_train=54_001,
        n_validation=5_999,
        n_test=10_000,
        image_size=28,
        channels=1,
        can_flip=False,
        origin="keras",
        url="https://storage.googleapis.com/tensorflow/tf-keras-datasets/mnist.npz",
    ),
)

DATASETS: Mapping[str, DatasetInfo] = MappingProxyType({info.id: info for info in _ALL})


def is_part(info: DatasetInfo) -> bool:
    """Says whether a set leaves out some of the pictures in its file, so that the others are counted anew."""
    return info.merge is not None and LEFT_OUT in info.merge


def dataset_info(id: str) -> DatasetInfo:
    """Returns the entry of one data set.

    Raises:
        UnknownIdError: "unknown_dataset", with the id received and the ids allowed.
    """
    if id not in DATASETS:
        raise UnknownIdError("unknown_dataset", received=id, allowed=list(DATASETS))
    return DATASETS[id]


def class_slug(name: str) -> str:
    """Returns the copy key of a class name: "Granny Smith" becomes "granny-smith"."""
    return name.lower().replace(" ", "-")
