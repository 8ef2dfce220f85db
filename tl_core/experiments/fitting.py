"""Settings that come from elsewhere, such as a link, made to fit together and to fit what the lab offers."""

from dataclasses import replace

from tl_core.datasets.catalog import DATASETS
from tl_core.experiments.plans import n_training_images, plan_run
from tl_core.lesson import Lesson
from tl_core.models.catalog import IMAGE_SIZES, BackboneInfo, backbones
from tl_core.spec import RunSpec


def offered_sizes(backbone: BackboneInfo) -> list[int]:
    """Returns the picture sizes that the lab offers for a backbone, in px."""
    return [size for size in IMAGE_SIZES if size >= backbone.min_image_size]


def fitted(lesson: Lesson) -> tuple[Lesson, list[str]]:
    """Returns a lesson that can be trained, and the fields that had to change for it.

    What does not fit becomes the nearest value that does. The number of threads belongs to the machine, not to a
    lesson, so it is left to the engine. What the lesson leaves open is planned as the lab does.
    """
    asked = lesson.spec
    dataset = DATASETS.get(asked.dataset, DATASETS[RunSpec.dataset])
    backbone = backbones().get(asked.backbone, backbones()[RunSpec.backbone])
    fits = {
        "dataset": dataset.id,
        "backbone": backbone.id,
        "n_frozen": min(asked.n_frozen, backbone.n_blocks),
        "image_size": min(offered_sizes(backbone), key=lambda size: abs(size - asked.image_size)),
        "batch_size": min(asked.batch_size, n_training_images(asked, dataset)),
        "threads": None,
    }
    changed = [name for name, value in fits.items() if value != getattr(asked, name)]
    values = {name: value for name, value in (asked.to_dict() | fits).items() if name not in lesson.left_open}
    return replace(lesson, spec=plan_run(values), left_open=frozenset()), changed
