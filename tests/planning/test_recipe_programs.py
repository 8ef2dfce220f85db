"""The mended programs really run: on little data and random weights, otherwise as they stand."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tl_core.planning.recipes import RECIPES, recipe

# in the place of the internet: networks with random weights, a few pictures, one epoch
LITTLE = """
import functools
import keras
import numpy as np

chance = np.random.default_rng(0)
for module, name in (("vgg16", "VGG16"), ("resnet50", "ResNet50"), ("mobilenet_v2", "MobileNetV2")):
    place = getattr(keras.applications, module)
    build = getattr(place, name)
    setattr(place, name, lambda *told, build=build, **more: build(*told, **{**more, "weights": None}))


def few(shape):
    return tuple((chance.integers(0, 256, (n, *shape), dtype="uint8"), np.arange(n)[:, None] % 10) for n in (40, 20))


keras.datasets.cifar10.load_data = lambda: few((32, 32, 3))
keras.datasets.mnist.load_data = lambda: tuple((x, y[:, 0]) for x, y in few((28, 28)))
fit = keras.Model.fit
keras.Model.fit = lambda self, *told, **more: fit(self, *told, **{**more, "epochs": 1, "verbose": 0})
"""


@pytest.fixture
def folder(tmp_path) -> Path:
    """A folder with 14 classes in three splits, as some of the programs read it."""
    chance = np.random.default_rng(0)
    for split in ("train", "validation", "test"):
        for label in range(14):
            place = tmp_path / "data" / split / f"class {label:02d}"
            place.mkdir(parents=True)
            for number in range(2):
                pixels = chance.integers(0, 256, (40, 50, 3), dtype=np.uint8)
                Image.fromarray(pixels).save(place / f"{number}.png")
    return tmp_path


@pytest.mark.slow
@pytest.mark.full
@pytest.mark.parametrize("id", RECIPES)
def test_the_mended_program_runs_as_it_stands(id, folder):
    pytest.importorskip("sklearn") if id == "c2" else None
    done = subprocess.run(
        [sys.executable, "-c", LITTLE + recipe(id).mended()], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
