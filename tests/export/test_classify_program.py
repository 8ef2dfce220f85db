"""The program beside an exported network makes pictures ready as the app does, without anything of the app."""

import numpy as np
import pytest
from PIL import Image

from tests.export.finished_runs import TINY, written
from tl_core.datasets.images.decode import fit_image
from tl_core.datasets.images.preparation import Preparation
from tl_core.datasets.images.prepared import prepare_picture
from tl_core.export import classify
from tl_core.export.card import card_files
from tl_core.export.verified import how_prepared

RANDOM = np.random.default_rng(5)
SIZES = {"wide": (300, 120), "tall": (90, 400), "square": (256, 256), "small": (20, 31), "large": (1000, 700)}
PREPARATIONS = [
    Preparation("crop"),
    Preparation("fit"),
    Preparation("fit", "black", 100, 3000),
    Preparation("crop", "grey"),
]


def noise(size: tuple[int, int], channels: int) -> np.ndarray:
    coarse = RANDOM.integers(0, 256, (7, 7, channels), np.uint8)
    layers = [np.asarray(Image.fromarray(coarse[:, :, at]).resize(size)) for at in range(channels)]
    return np.stack(layers, axis=-1)


def saved(kind: str, size: tuple[int, int], path) -> None:
    if kind == "grey of 16 bits":
        Image.fromarray(noise(size, 1)[:, :, 0].astype(np.uint16) * 15).save(path)
    elif kind == "turned":
        exif = Image.Exif()
        exif[0x0112] = 6
        Image.fromarray(noise(size, 3)).save(path, exif=exif)
    else:
        Image.fromarray(noise(size, {"colour": 3, "transparent": 4}[kind])).save(path)


@pytest.mark.parametrize("preparation", PREPARATIONS, ids=lambda one: f"{one.framing} {one.ground}")
@pytest.mark.parametrize("kind", ["colour", "transparent", "grey of 16 bits", "turned"])
@pytest.mark.parametrize("size", SIZES.values(), ids=list(SIZES))
def test_the_program_sees_a_picture_as_the_run_saw_its_own(size, kind, preparation, tmp_path):
    path = tmp_path / "picture.png"
    saved(kind, size, path)
    seen = fit_image(prepare_picture(path.read_bytes(), path.name, preparation).square, 96)
    np.testing.assert_array_equal(classify.picture(path, 96, how_prepared(preparation)), seen)


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_card_says_how_pictures_became_squares(language, tmp_path):
    own = TINY.with_changes(dataset="own-0123456789abcdef0123")
    data = {"classes": ["a", "b", "c"], "n_train": 9, "n_validation": 3, "n_test": 8, "image_size": 64, "channels": 3}
    said = []
    for framing in ("crop", "fit"):
        told = {"data": data | {"can_flip": True, "preparation": Preparation(framing).to_dict()}}
        source = written(tmp_path, [0, 1, 2], [0, 1, 2], 3, spec=own, environment=told, language=language)
        said.append(card_files(source)["card.md"].decode())
    whole = {"en": "Pictures come whole", "zh": "整张图片"}[language]
    assert [whole in text for text in said] == [False, True]
