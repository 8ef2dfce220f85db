"""The parts that need Keras, on next to nothing: their form, and that their parts add up. Speed is not tested.

More than a minute, so before a release only; `tests/test_bench_command.py` holds the command around it.
"""

import json
import os
import subprocess
import sys
from dataclasses import asdict

import pytest

from tl_core.bench.part import MODULES
from tl_core.bench.settings import Settings
from tl_core.paths import PROJECT

pytestmark = [pytest.mark.slow, pytest.mark.full]


@pytest.fixture(scope="module")
def measured(tmp_path_factory) -> dict[str, list[dict]]:
    command = [sys.executable, "-m", "tl_core.bench.part", ",".join(MODULES), json.dumps(asdict(Settings.quick()))]
    environment = {**os.environ, "TL_HOME": str(tmp_path_factory.mktemp("bench"))}
    done = subprocess.run(command, cwd=PROJECT, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def test_every_part_has_rows_and_each_row_a_number(measured):
    assert set(measured) == set(MODULES)
    for rows in measured.values():
        assert rows
        assert all(row.get("ratio", row.get("value")) is not None for row in rows)


def test_every_ratio_is_its_parts_divided(measured):
    ratios = [row for rows in measured.values() for row in rows if "ratio" in row]
    assert len(ratios) >= 8
    for row in ratios:
        over, under = row["seconds"].values()
        assert row["ratio"] == pytest.approx(over / under)
        assert set(row["samples"]) == set(row["seconds"])
        assert min(over, under) > 0


def test_break_even_is_where_the_pass_and_cached_epochs_cost_what_plain_ones_do(measured):
    row = next(row for row in measured["b"] if row["name"].endswith("break-even"))
    seconds, epochs = row["seconds"], row["value"]
    assert seconds["pass"] + epochs * seconds["cached"] == pytest.approx(epochs * seconds["plain"])


def test_the_report_says_how_many_pictures_and_which_weights(measured):
    row = measured["a"][0]
    assert (row["n_images"], row["n_images_of_plain"], row["n_validation"]) == (64, 64, 32)
    assert (row["backbone"], row["cut"], row["weights"]) == ("squeezenet", "all", "pretrained")
