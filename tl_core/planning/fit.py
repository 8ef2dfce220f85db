"""Settings that come from elsewhere, such as a link, made to fit together and to fit what the lab offers."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from tl_core.datasets.catalog import DATASETS
from tl_core.datasets.known import known_dataset
from tl_core.errors import TransferLabError
from tl_core.fields import joined
from tl_core.models.catalog import IMAGE_SIZES, BackboneInfo, backbones
from tl_core.planning.lab_link import LabLink
from tl_core.planning.plan import is_head_too_large, is_ready, n_training_images, plan_run
from tl_core.spec import RunSpec

QUICK_SIZES = (32, 64, 96)  # px: a pass takes about as long as there are pixels


def offered_sizes(backbone: BackboneInfo) -> list[int]:
    """Returns the picture sizes that the lab offers for a backbone, in px."""
    return [size for size in IMAGE_SIZES if size >= backbone.min_image_size]


def quicker_sizes(backbone: BackboneInfo, image_size: int) -> list[int]:
    """Returns the picture sizes, in px, that a long pass is offered to be made shorter by."""
    return [size for size in offered_sizes(backbone) if size in QUICK_SIZES and size < image_size]


def fitted(link: LabLink, home: Path | None = None) -> tuple[LabLink, list[str]]:
    """Returns a link that can be trained, and the fields that had to change for it.

    What does not fit becomes the nearest value that does. The number of threads belongs to the machine, not to a
    link, so it is left to the engine. What the link leaves open is planned as the lab does.

    Args:
        link: What was asked for.
        home: The data folder, where visitors' own data sets are; without it only those of the catalogue are known.
    """
    asked = link.spec
    dataset = DATASETS[RunSpec.dataset]
    with suppress(TransferLabError):
        found = known_dataset(asked.dataset, home)
        dataset = found if is_ready(found) else dataset
    backbone = backbones().get(asked.backbone, backbones()[RunSpec.backbone])
    n_used = backbone.n_used(asked.head_at)
    fits = {
        "dataset": dataset.id,
        "backbone": backbone.id,
        "head_at": None if n_used == backbone.n_blocks else asked.head_at,
        "n_frozen": min(asked.n_frozen, n_used),
        "frozen_blocks": joined(number for number in asked.further_frozen if number <= n_used),
        "n_pretrained": None if (asked.n_pretrained or 0) >= backbone.n_blocks else asked.n_pretrained,
        "image_size": min(offered_sizes(backbone), key=lambda size: abs(size - asked.image_size)),
        "batch_size": min(asked.batch_size, n_training_images(asked, dataset)),
        "threads": None,
    }
    if asked.is_fitted:
        fits |= {"n_frozen": n_used, "augment": "none"}
    if asked.schedule != "constant":
        fits["unfreeze_every"] = 0
    if is_head_too_large(asked.with_changes(**fits), dataset, backbone):
        fits["head"] = "dense"  # as many hidden units on pooled features
    changed = [name for name, value in fits.items() if value != getattr(asked, name)]
    values = {name: value for name, value in (asked.to_dict() | fits).items() if name not in link.left_open}
    spec = plan_run(values, home)
    if spec.augment == "classic" and spec.has_cached_views and spec.views != "fresh":
        spec = spec.with_changes(views="fresh")  # the lab offers it as the old programs have it
        changed.append("views")
    return replace(link, spec=spec, left_open=frozenset()), changed
