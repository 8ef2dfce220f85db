"""The pass over the pictures: several batches at once, each in a function of its own."""

import subprocess
import sys
import threading
from typing import cast

import keras
import numpy as np
import pytest

from tl_core.paths import PROJECT
from tl_core.training import extraction
from tl_core.training.extraction import Extractor

SIDE_BY_SIDE = """
import sys
from pathlib import Path
import numpy as np
from tl_core.engine.worker.device import prepare
prepare(Path(sys.argv[1]))
from tl_core.engine.worker.warm_cache import WarmCache
from tl_core.models.build import build
from tl_core.planning.plan import plan_run
from tl_core.training.extraction import Extractor

specs = [plan_run({"backbone": "mobilenet_v2", "image_size": 96, "n_frozen": cut}) for cut in (3, 7, 11, 15, 19)]
backbone = WarmCache().backbone(specs[0])
prefixes = [build(spec, 2, backbone=backbone).prefix for spec in specs]
extractor = Extractor(prefixes, is_exact=False, n_threads=2)
images = np.random.default_rng(0).integers(0, 255, (extractor.batch, 96, 96, 3), np.uint8)
computed = [outputs for outputs in extractor.run(images for _ in range(60)) if outputs is not None]
print(len(computed), all(np.array_equal(*pair) for one in computed for pair in zip(one, computed[0], strict=True)))
"""


class Prefix:
    """As much of a network as an extractor looks at."""

    input_shape = (None, 96, 96, 3)


PREFIX = cast("keras.Model", Prefix())


class Functions:
    """Makes functions that notice when two calls of one overlap."""

    def __init__(self) -> None:
        self.in_use: list[int] = []
        self.most = 0
        self.overlaps = 0
        self.lock = threading.Lock()
        self.n_made = 0

    def make(self, model, batch: int):
        mine, self.n_made = self.n_made, self.n_made + 1

        def forward(images: np.ndarray) -> list[np.ndarray]:
            with self.lock:
                self.overlaps += mine in self.in_use
                self.in_use.append(mine)
                self.most = max(self.most, len(self.in_use))
            threading.Event().wait(0.002)  # long enough for another call to come
            with self.lock:
                self.in_use.remove(mine)
            return [images[:, 0, 0, 0]]

        return forward


@pytest.fixture
def functions(monkeypatch) -> Functions:
    made = Functions()
    monkeypatch.setattr(extraction, "_compiled", made.make)
    monkeypatch.setattr(extraction, "folded", lambda model: model)
    return made


def batches(n: int):
    return (np.full((2, 96, 96, 3), number, np.uint8) for number in range(n))


def test_two_batches_are_computed_at_once_by_two_functions_and_come_in_their_order(functions):
    extractor = Extractor([PREFIX], is_exact=False, n_threads=8)
    for _ in range(2):  # the second pass takes the same functions
        seen = [outputs[0][0] for outputs in extractor.run(batches(40)) if outputs is not None]
        assert seen == list(range(40))
    assert (functions.n_made, functions.most, functions.overlaps) == (2, 2, 0)


def test_a_pass_that_was_left_keeps_its_functions_until_they_are_done(functions):
    extractor = Extractor([PREFIX], is_exact=False, n_threads=2)
    for _ in range(5):
        left = extractor.run(batches(9))
        while next(left) is None:
            pass
        left.close()
    assert len([outputs for outputs in extractor.run(batches(9)) if outputs is not None]) == 9
    assert (functions.n_made, functions.overlaps) == (2, 0)


@pytest.mark.parametrize(("n_threads", "n"), [(1, 9), (2, 1)])
def test_one_function_is_enough_for_one_thread_or_one_batch(functions, n_threads, n):
    extractor = Extractor([PREFIX], is_exact=False, n_threads=n_threads)
    assert len([outputs for outputs in extractor.run(batches(n)) if outputs is not None]) == n
    assert (functions.n_made, functions.overlaps) == (1, 0)


@pytest.mark.slow
def test_real_passes_at_several_cuts_end_and_compute_the_same_each_time(tmp_path):
    command = [sys.executable, "-c", SIDE_BY_SIDE, str(tmp_path)]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.split()) == (0, ["60", "True"])
