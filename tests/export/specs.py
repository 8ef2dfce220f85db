"""Specs for programs: those of the source material's recipes, and others drawn at random but the same each time."""

from itertools import cycle

import numpy as np

from tl_core.models.catalog import backbones
from tl_core.models.weights import BUNDLED
from tl_core.planning import recipes
from tl_core.planning.expectations import LARGE
from tl_core.planning.plan import baseline_of, is_head_only, plan_run
from tl_core.spec import RunSpec

SMALL = {"dataset": "groceries-coarse", "image_size": 64, "per_class": 8, "arithmetic": "exact", "epochs": 2}
HEAD_ONLY = plan_run({**SMALL, "backbone": "mobilenet_v2", "per_class": 6})
TWO_PHASES = {**SMALL, "head_epochs": 2, "freeze": "block_15"}

# what the five programs of the source material do, on small data: name → spec
RECIPES = {
    "flatten, dense, Adam": plan_run({**SMALL, "head": "flatten-dense", "hidden": 1024}),
    "SGD with Nesterov": plan_run(
        {
            **SMALL,
            "optimizer": "sgd",
            "learning_rate": 0.01,
            "momentum": 0.9,
            "nesterov": True,
            "dataset": "cifar10-small",
        }
    ),
    "digits, dropout": plan_run(
        {**SMALL, "dataset": "mnist-small", "head": "dense", "hidden": 64, "dropout": 0.5, "learning_rate": 1e-4}
    ),
    "cut inside": plan_run({**SMALL, "head_at": "block_12"}),
    "weighted": plan_run({**SMALL, "class_weight": "balanced", "patience": 1, "epochs": 3}),
}
RECIPES |= {
    f"rate {kind}": plan_run({**SMALL, "optimizer": "sgd", "schedule": kind, "decay_epochs": 1})
    for kind in ("inverse-time", "cosine", "step")
}
RECIPES |= {
    "support vector machine": plan_run({**SMALL, "head": "svm", "class_weight": "balanced"}),
    "probe to convergence": plan_run({**SMALL, "head": "logistic", "head_at": 10, "class_weight": "balanced"}),
    "probe to convergence, two classes": plan_run(
        {**SMALL, "head": "logistic", "logistic_c": 100, "dataset": "chest-xray-small"}
    ),
    "support vector machine, two classes": plan_run({**SMALL, "head": "svm", "dataset": "chest-xray-small"}),
}


def _little(spec: RunSpec) -> RunSpec:
    """Returns a run of the recipes' page on few pictures, without augmentation: no layer of Keras makes its views."""
    changes = {"per_class": 6, "arithmetic": "exact", "augment": "none", "views": "rolling", "batch_size": 16}
    return spec.with_changes(**changes, epochs=spec.epochs if spec.is_fitted else 2)


# every run of the recipes' page that trains a head alone, faults included
OFFERED = {
    f"recipe {one.id}, {variant}": _little(one.spec(variant))
    for one in recipes.RECIPES.values()
    for variant in one.variants
    if is_head_only(one.spec(variant))
}
TUNED = {
    "two phases": plan_run(TWO_PHASES),
    "two phases, dropout": plan_run({**TWO_PHASES, "head": "dense", "hidden": 64, "dropout": 0.3}),
    "all at once, BatchNorm trained": plan_run({**TWO_PHASES, "phases": 1, "batchnorm": "trained"}),
    "frozen but updating": plan_run({**TWO_PHASES, "batchnorm": "updating"}),
    "frozen behind the cut": plan_run({**TWO_PHASES, "freeze": "block_13", "freeze_also": "block_15,top"}),
    "block by block": plan_run({**TWO_PHASES, "freeze": "block_14", "unfreeze_every": 1, "block_rate_factor": 2.6}),
    "block by block at once": plan_run(
        {**TWO_PHASES, "phases": 1, "freeze": "block_12", "freeze_also": "top", "unfreeze_every": 1, "optimizer": "sgd"}
    ),
    "slower and slower": plan_run({**TWO_PHASES, "block_rate_factor": 2.6, "optimizer": "sgd", "schedule": "cosine"}),
    "from scratch": baseline_of(plan_run({**SMALL, "backbone": "squeezenet"})),
}


def drawn(n: int, seed: int, ids: list[str] | None = None) -> list[RunSpec]:
    """Returns specs that a person could ask for, of all backbones in turn."""
    random, specs = np.random.default_rng(seed), []
    for backbone in cycle(ids or list(backbones())):
        if len(specs) == n:
            return specs
        specs.append(_one(random, backbone))
    return specs


def drawn_of_bundled(n: int, seed: int) -> list[RunSpec]:
    """Returns specs whose weights are here, small enough to be trained by plain Keras in minutes on two busy cores:
    large networks see pictures of half the side.
    """
    return drawn(n, seed, [id for id in BUNDLED if id in backbones()])


def _one(random: np.random.Generator, backbone: str) -> RunSpec:
    def choice(*values):
        return values[int(random.integers(len(values)))]

    info = backbones()[backbone]
    n_used = info.n_blocks - int(choice(0, 0, 2))
    options = {
        **SMALL,
        "dataset": choice("groceries", "groceries-coarse", "cifar10-small", "mnist-small", "chest-xray-small"),
        "backbone": backbone,
        "image_size": max(info.min_image_size, choice(48, 64, 75) // (2 if backbone in LARGE else 1)),
        "weights": choice("pretrained", "pretrained", "random"),
        "n_frozen": choice(n_used, n_used, n_used - 1, max(n_used - 3, 0)),
        "head_at": n_used if n_used < info.n_blocks else None,
        "head": choice("linear", "dense", "flatten-dense"),
        "hidden": choice(16, 64),
        "dropout": choice(0.0, 0.0, 0.25),
        "optimizer": choice("adam", "sgd"),
        "nesterov": choice(False, True),
        "class_weight": choice("none", "balanced"),
        "patience": choice(0, 1),
        "batch_size": choice(8, 16),
        "head_epochs": 2,
        "seed": int(random.integers(1000)),
        "per_class": choice(8, 12),
    }
    if backbone == "squeezenet" and options["optimizer"] == "sgd" and options["n_frozen"] < n_used:
        options |= {"learning_rate": 1e-4, "head_learning_rate": 1e-3}  # no BatchNorm: on batches of 8 it may diverge
    return plan_run(options)
