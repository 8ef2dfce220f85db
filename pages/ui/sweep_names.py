"""What experiments, their factors and their levels are called, in the reader's language."""

from pages.ui import state
from pages.ui.run_names import MOST_SIGNS
from pages.ui.setting_words import setting
from pages.ui.text import dataset_name, t
from tl_core.experiments.own import ALL, KIND
from tl_core.experiments.preset import Row
from tl_core.experiments.presets import PRESETS
from tl_core.experiments.presets.networks import CASES, network_name, network_of
from tl_core.experiments.sweep import SEED, Level, Sweep
from tl_core.models.catalog import backbones
from tl_core.phrases import LANGUAGES, keys
from tl_core.spec import RunSpec
from tl_core.store.records import SweepRecord


def sweep_of(record: SweepRecord) -> Sweep:
    """Returns what a record asks.

    Raises:
        InputError: "bad_sweep": it is damaged.
    """
    return Sweep.from_dict(record.sweep)


def title(kind: str, language: str | None = None) -> str:
    """Returns what a preset is called, or that it is somebody's own."""
    return t(f"sweep.{kind}.title", language) if kind in PRESETS else t("experiments.own", language)


def automatic(sweep: Sweep, language: str | None = None) -> str:
    """Returns what a sweep is called that nobody has named: its question or what it varies, its data, its network."""
    varied = t("unit.and", language).join(factor(name, sweep.kind, language) for name in sweep.factors)
    parts = [title(sweep.kind, language) if sweep.kind in PRESETS else varied]
    if "dataset" not in sweep.varied:
        parts.append(dataset_name(str(sweep.base.get("dataset", RunSpec.dataset)), language))
    if "backbone" not in sweep.varied:
        network = str(sweep.base.get("backbone", RunSpec.backbone))
        parts.append(backbones()[network].family if network in backbones() else network)
    return " · ".join(parts)[:MOST_SIGNS]


def name_of(record: SweepRecord) -> str:
    """Returns a sweep's name as this visitor reads it: one that was made here is said in their language."""
    sweep = sweep_of(record)
    return automatic(sweep) if record.name in {automatic(sweep, one) for one in LANGUAGES} else record.name


def factor(name: str, kind: str = KIND, language: str | None = None) -> str:
    """Returns what is varied, in words."""
    preset = PRESETS.get(kind)
    places = {} if preset is None else {preset.x: "x", preset.series: "series"}
    for key in (f"sweep.{kind}.{places.get(name, name)}", f"field.{name}"):
        if key in keys("en"):
            return t(key, language)
    return name


def level(name: str, value: Level, kind: str = KIND) -> str:
    """Returns the value of a factor in words."""
    if value in CASES:
        return network_name(*network_of(str(value)))
    key = f"sweep.{kind}.level.{value}"
    return t(key) if key in keys("en") else setting(name, None if value == ALL else value)


def trial(row: Row, sweep: Sweep) -> str:
    """Returns which trial a row is, in words."""
    named = [f"{factor(name, sweep.kind)} {level(name, row[name], sweep.kind)}" for name in (*sweep.factors, SEED)]
    return t("unit.comma").join(named)


def link(sweep_id: str) -> str:
    """Returns the address under which others find a sweep, in the language of this visit."""
    return state.address({"sweep": sweep_id, "lang": state.language()}, "experiments")
