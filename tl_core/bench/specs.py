"""The runs that benchmarks compare: one cut of one backbone each. Imports no Keras."""

from tl_core.bench.settings import BATCH, Settings
from tl_core.disk.home import data_home
from tl_core.models.catalog import backbone_info
from tl_core.models.weights import BUNDLED, weights_source
from tl_core.spec import RunSpec

CUTS = ("all", "last_block", "last_two", "half", "none", "scratch")
RATE = 1e-5  # small, so that a network with random weights stays finite for as long as the measurement lasts
MOST_EPOCHS = 500


def spec_of(backbone: str, cut: str, settings: Settings) -> RunSpec:
    """Returns the spec of a cut.

    Args:
        backbone: Id in the catalogue.
        cut: What is frozen: "all", all but the "last_block" or the "last_two", "half", "none", or none of a network
            that starts from "scratch".
        settings: Gives the size of the pictures.
    """
    n_blocks = backbone_info(backbone).n_blocks
    trained = {"all": 0, "last_block": 1, "last_two": 2, "half": n_blocks - n_blocks // 2}
    return RunSpec(
        backbone=backbone,
        weights="random" if cut == "scratch" else weights_at_hand(backbone),
        n_frozen=n_blocks - trained.get(cut, n_blocks),
        image_size=settings.image_size,
        batch_size=BATCH,
        epochs=MOST_EPOCHS,
        learning_rate=RATE,
    )


def weights_at_hand(backbone: str) -> str:
    """Returns "pretrained" where that needs no download, else "random": the speed is the same, the report says it."""
    is_here = backbone in BUNDLED or weights_source(backbone, data_home()) == "cached"
    return "pretrained" if is_here else "random"
