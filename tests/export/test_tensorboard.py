"""Event files, read back by TensorFlow's own reader."""

from datetime import datetime
from pathlib import Path

import pytest

from tests.export.finished_runs import epochs, members, written
from tl_core.engine.worker.device import prepare


@pytest.fixture(scope="module", autouse=True)
def keras_is_set_up():
    prepare()


def read(folder: Path) -> dict[str, dict[tuple[str, int], float]]:
    """Returns run → {(tag, step): value}, as TensorBoard finds it below a folder."""
    from tensorflow.python.summary.summary_iterator import summary_iterator

    found: dict[str, dict] = {}
    for path in sorted(folder.rglob("events.out.tfevents.*")):
        run = found.setdefault(path.parent.relative_to(folder).as_posix(), {})
        for event in summary_iterator(str(path)):
            run |= {(value.tag, event.step): value for value in event.summary.value}
    return found


@pytest.fixture
def unpacked(tmp_path) -> Path:
    from dataclasses import replace

    from tl_core.export.tensorboard import write

    source = written(tmp_path, [0, 1], [0, 1], 3)
    twin = replace(source.record, id="f" * 32, role="baseline", name="`x` | <b>")
    exported = write(replace(source, twin=(twin, epochs(2))), tmp_path / "logs.zip")
    assert (exported.format, exported.parity) == ("tensorboard", None)
    for name, content in members(exported.path).items():
        path = tmp_path / "logs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return tmp_path / "logs"


def test_every_epoch_is_a_point_and_run_and_baseline_are_two_runs(unpacked):
    runs = read(unpacked)
    assert set(runs) == {f"{role}{part}" for role in ("run", "baseline") for part in ("", "/train", "/validation")}
    train = {key: value.simple_value for key, value in runs["run/train"].items()}
    assert set(train) == {(f"epoch_{tag}", step) for tag in ("loss", "accuracy") for step in (1, 2, 3)}
    assert train["epoch_loss", 2] == pytest.approx(0.5)
    assert train["epoch_accuracy", 3] == pytest.approx(0.3)
    assert {step for _, step in runs["baseline/train"]} == {1, 2}


def test_a_value_that_was_not_measured_is_no_point(unpacked):
    assert {step for _, step in read(unpacked)["run/validation"]} == {2, 3}


def test_the_settings_are_a_text_that_no_name_breaks_out_of(unpacked):
    runs = read(unpacked)
    (text,) = runs["run"]["settings", 0].tensor.string_val
    assert b'| backbone | `"squeezenet"` |' in text
    assert runs["run"]["settings", 0].metadata.plugin_data.plugin_name == "text"
    (text,) = runs["baseline"]["settings", 0].tensor.string_val
    assert b"| name | `\"'x' \\| <b>\"` |" in text


def test_points_stand_at_the_time_at_which_they_were_measured(unpacked):
    from tensorflow.python.summary.summary_iterator import summary_iterator

    (path,) = (unpacked / "run" / "train").iterdir()
    version, *points = summary_iterator(str(path))
    began_s = datetime.fromisoformat("2026-11-27T10:00:00.000+00:00").timestamp()
    assert version.file_version == "brain.Event:2"
    assert [point.wall_time - began_s for point in points] == [2.0, 4.0, 6.0]
