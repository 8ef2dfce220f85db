"""How the backbone starts: from which weights, from ImageNet or another run, and how many blocks of it."""

from functools import partial

import streamlit as st

from pages.ui import controls, services, state
from pages.ui.controls import NAMES
from pages.ui.persistent import persistent
from pages.ui.run_names import name_of
from pages.ui.text import named, t
from pages.ui.words import meaning
from tl_core.engine.runs.sources import is_source_of
from tl_core.models.catalog import BackboneInfo
from tl_core.spec import CHOICES, RunSpec

IMAGENET = ""


def choose_start(backbone: BackboneInfo) -> dict:
    """Draws the controls; returns fields of `RunSpec`."""
    names = named(CHOICES["weights"], lambda choice: t(f"choice.weights.{choice}"))
    box = partial(st.selectbox, t("field.weights"), CHOICES["weights"], help=meaning("pretrained"))
    weights = controls.choose("weights", partial(box, format_func=names.__getitem__), default=RunSpec.weights)
    source = None if weights == "random" or controls.is_fixed("weights") else _source(backbone)
    return {
        "weights": weights,
        "source": source,
        "n_pretrained": _n_pretrained(backbone) if weights == "pretrained" else None,
    }


def _source(backbone: BackboneInfo) -> str | None:
    """Draws from whose weights: of ImageNet, or of a run that this visitor may see. Without such a run, nothing."""
    runs = services.engine().runs.list_runs(by=state.visitor())
    found = {run.id: run for run in runs if is_source_of(run, backbone.id)}
    if not found:
        return None
    names = named((IMAGENET, *found), lambda id: name_of(found[id]) if id else t("lab.imagenet"))
    box = partial(st.selectbox, t("field.source"), list(names), help=t("lab.source_help"))
    chosen = persistent(partial(box, format_func=names.__getitem__), _remembered(backbone.id), IMAGENET)
    return chosen or None


def set_source(spec: RunSpec) -> None:
    """Gives the control of the source the one of a run's settings, for as long as that may be chosen."""
    state.set_widget(_remembered(spec.backbone), spec.source or IMAGENET)


def _remembered(backbone: str) -> str:
    return f"source-{backbone}"


def _n_pretrained(backbone: BackboneInfo) -> int | None:
    """Draws how many blocks start pretrained; 0 stands for all of them."""
    blocks = {0: t("lab.all")} | {n: f"{n} · {block.name}" for n, block in enumerate(backbone.blocks[:-1], start=1)}
    box = partial(st.selectbox, t("field.n_pretrained"), list(blocks), help=t("lab.n_pretrained_help"))
    chosen = controls.choose(
        "n_pretrained",
        partial(box, format_func=blocks.__getitem__),
        default=0,
        name=NAMES["n_pretrained"].format(backbone=backbone.id),
        fit=lambda asked: asked if asked in blocks else 0,
    )
    return chosen or None
