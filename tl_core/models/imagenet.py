"""The 1,000 ImageNet classes that the bundled backbones were pretrained on."""

import json
from functools import cache

from tl_core.models.weights import WEIGHTS_FOLDER


@cache
def imagenet_classes() -> tuple[str, ...]:
    """Returns the names of the classes, in the order of the networks' outputs."""
    return tuple(json.loads((WEIGHTS_FOLDER / "imagenet_classes.json").read_text()))
