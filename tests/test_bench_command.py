"""`bench` on the command line: its options, its JSON, its table."""

import argparse
import json

import pytest

from tl_core.bench.settings import Settings
from tl_core.commands import bench as command
from tl_core.commands.output import Output
from tl_core.errors import InputError, UnknownIdError

ROWS = {
    "a": [{"name": "mobilenet_v2 all", "ratio": 412.3, "seconds": {"plain": 8.2, "ours": 0.02}, "at_least": 400}],
    "f": [{"name": "clicks", "is_missing": "chromium"}, {"name": "stop p95", "value": 0.4, "unit": "s", "at_most": 1}],
    "i": [{"name": "i", "error": "RuntimeError: no worker"}],
}


@pytest.fixture
def asked(monkeypatch) -> list:
    """Replaces the measurement; collects what was asked for."""
    calls = []

    def run(parts, settings, on_part) -> dict:
        calls.append((parts, settings))
        return {"machine": {}, "parts": {part: ROWS[part] for part in parts}, "seconds": 1.0}

    monkeypatch.setattr(command, "run", run)
    return calls


def bench(*arguments: str, is_json: bool = False) -> int:
    parser = argparse.ArgumentParser()
    command.add_bench_options(parser)
    return command.bench(parser.parse_args(arguments), Output(is_json, "en"))


def test_json_is_one_object_and_nothing_else(asked, capsys):
    assert bench("--part", "a", is_json=True) == 0
    assert json.loads(capsys.readouterr().out)["parts"] == {"a": ROWS["a"]}


def test_people_get_a_table_with_figures_and_parts(asked, capsys):
    assert bench("--part", "f,a") == 0
    header, ratio, clicks, stop, *sentences = capsys.readouterr().out.splitlines()
    assert header.split() == ["part", "name", "measured", "figure", "is_reached", "parts"]
    assert "×412" in ratio
    assert "≥ 400" in ratio
    assert "plain 8.2 s ÷ ours 0.02 s" in ratio
    assert clicks.split()[:3] == ["f", "clicks", "–"]
    assert "0.4 s" in stop
    assert "≤ 1" in stop
    assert any("Chromium" in sentence for sentence in sentences)


def test_a_part_that_could_not_be_measured_is_a_failure(asked):
    assert bench("--part", "i") == 1


def test_options_change_the_sizes(asked):
    assert bench("--part", "a", "--quick", "--backbone", "mobilenet_v2,vgg16", "--images", "128", "--repeat", "2") == 0
    ((parts, settings),) = asked
    assert parts == ["a"]
    assert settings == Settings(("mobilenet_v2", "vgg16"), 128, Settings.quick().image_size, 2, is_quick=True)


@pytest.mark.parametrize("arguments", [["--part", "z"], ["--images", "1"], ["--repeat", "0"], ["--backbone", "lenet"]])
def test_bad_input_is_refused_before_anything_is_measured(asked, arguments):
    with pytest.raises((InputError, UnknownIdError)):
        bench(*arguments)
    assert asked == []
