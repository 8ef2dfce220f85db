"""What a preset is asked of: data, network, picture size, and how many seeds. The address says what is chosen."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import streamlit as st

from pages.ui import services, state
from pages.ui.persistent import persistent
from pages.ui.sweep_names import level
from pages.ui.text import count, dataset_name, named, t
from pages.ui.words import meaning
from tl_core.datasets.catalog import DATASETS
from tl_core.datasets.known import is_here, known_dataset
from tl_core.disk.home import data_home
from tl_core.errors import TransferLabError
from tl_core.experiments.preset import Preset
from tl_core.experiments.sweep import Sweep
from tl_core.models.catalog import BackboneInfo, backbones
from tl_core.models.weights import weights_source
from tl_core.phrases import keys
from tl_core.planning.fit import offered_sizes
from tl_core.planning.plan import is_ready

MOST_SEEDS = 10  # that one asks for at once
FIELDS = ("dataset", "backbone", "image_size")
PREFIX = f"{state.EXPERIMENT}_"
SEEDS = f"{PREFIX}seeds"


def choose(preset: Preset, opened: Mapping[str, str]) -> Sweep:
    """Draws the settings that matter, as the address has them, else as suits the preset.

    Raises:
        TransferLabError: The preset cannot be asked of these.
    """
    home = data_home()
    fixed = preset.sweep({}, preset.n_seeds, home)
    usual = fixed.trials(home)[0].spec
    for field, value in newly_asked(preset.id, opened).items():
        fill(preset.id, field, value)
    places = iter(st.columns(4, vertical_alignment="bottom"))
    options: dict[str, Any] = {}
    if "dataset" not in fixed.varied:
        with next(places):
            options["dataset"] = _choose_dataset(preset.id, usual.dataset)
    backbone = backbones()[usual.backbone]
    if "backbone" not in fixed.varied:
        with next(places):
            backbone = _choose_backbone(preset.id, usual.backbone)
        options["backbone"] = backbone.id
    if "image_size" not in fixed.varied:
        suited = preset.sweep(options, 1, home).trials(home)[0].spec.image_size
        with next(places):
            options["image_size"] = _choose_size(preset.id, backbone, options.get("dataset"), suited)
    with next(places):
        n_seeds = choose_seeds(preset.id, preset.n_seeds)
    if preset.arms:
        options["arms"] = ",".join(_choose_arms(preset.id, preset.arms, fixed))
    said = {PREFIX + name: str(value) for name, value in options.items()}
    keep_in_address(preset.id, {**said, SEEDS: str(n_seeds)})
    return preset.sweep(options, n_seeds, home)


def newly_asked(kind: str, opened: Mapping[str, str]) -> dict[str, str]:
    """Returns what an address says of an experiment, without the beginnings of the names; nothing the second time."""
    asked = {name: value for name, value in opened.items() if name.startswith(PREFIX)}
    if asked == state.get(f"sweep-taken-{kind}"):
        return {}
    state.put(f"sweep-taken-{kind}", asked)
    return {name.removeprefix(PREFIX): value for name, value in asked.items()}


def fill(kind: str, field: str, value: object) -> None:
    """Gives a control a value; a text of digits counts as a number, and what cannot be used the control mends."""
    is_number = isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 6
    state.set_widget(name_in_state(kind, field), int(str(value)) if is_number else value)


def keep_in_address(kind: str, said: Mapping[str, str]) -> None:
    """Has the address say what is chosen, so that a reload finds it again."""
    whole = {f"{PREFIX}kind": kind, **said}
    state.put(f"sweep-taken-{kind}", whole)
    state.open_experiment(whole)


def choose_seeds(kind: str, usual: int) -> int:
    """Draws with how many seeds each trial is repeated."""
    name = name_in_state(kind, "seeds")
    before = state.get(name)
    if not isinstance(before, int) or not 1 <= before <= MOST_SEEDS:
        state.set_widget(name, usual)
    box = partial(st.number_input, t("experiments.seeds"), 1, MOST_SEEDS, step=1, help=t("experiments.seeds_about"))
    return int(persistent(box, name, usual))


def _choose_dataset(kind: str, usual: str) -> str:
    home = data_home()
    own = [record.id for record in services.own_datasets() if _can_be_trained_on(record.id)]
    choices = [*(id for id in DATASETS if is_here(id, home)), *own]
    box = partial(st.selectbox, t("field.dataset"), choices, format_func=named(choices, dataset_name).__getitem__)
    return persistent(box, name_in_state(kind, "dataset"), usual if usual in choices else choices[0])


def _choose_arms(kind: str, arms: Sequence[str], fixed: Sweep) -> list[str]:
    """Draws which ways of training are set side by side; at least one of them is."""
    usual = [arm for arm in arms if any(arm in cell.factors.values() for cell in fixed.cells)]
    name = name_in_state(kind, "arms")
    if isinstance(asked := state.get(name), str):  # as a link has them
        state.set_widget(name, [arm for arm in asked.split(",") if arm in arms])
    words = named(arms, lambda arm: level("arm", arm, kind)).__getitem__
    own = f"sweep.{kind}.arms"
    label = t(own if own in keys("en") else "experiments.arms")
    box = partial(st.pills, label, list(arms), selection_mode="multi", format_func=words)
    return persistent(box, name, usual) or usual


def _can_be_trained_on(dataset_id: str) -> bool:
    with suppress(TransferLabError):
        return is_ready(known_dataset(dataset_id, data_home()))
    return False


def _choose_backbone(kind: str, usual: str) -> BackboneInfo:
    home = data_home()
    choices = [id for id in backbones() if weights_source(id, home) != "download"]
    names = named(choices, lambda id: f"{backbones()[id].family} · {count(backbones()[id].params)}")
    box = partial(st.selectbox, t("field.backbone"), choices, format_func=names.__getitem__, help=meaning("backbone"))
    first = usual if usual in choices else choices[0]
    return backbones()[persistent(box, name_in_state(kind, "backbone"), first)]


def _choose_size(kind: str, backbone: BackboneInfo, dataset: str | None, suited: int) -> int:
    """Draws the picture size; data and network that are chosen anew bring the one that suits them."""
    sizes, name, about = offered_sizes(backbone), name_in_state(kind, "image_size"), (dataset, backbone.id)
    before = state.get(f"{name}-about")
    if before not in (None, about):
        state.set_widget(name, suited)
    state.put(f"{name}-about", about)
    label = named(sizes, lambda size: f"{size} px").__getitem__
    box = partial(st.selectbox, t("field.image_size"), sizes, format_func=label, help=meaning("size"))
    return persistent(box, name, suited if suited in sizes else sizes[0])


def name_in_state(kind: str, field: str) -> str:
    """Returns what a choice is remembered by."""
    return f"sweep-{kind}-{field}"
