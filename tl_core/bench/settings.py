"""What a benchmark is asked for: sizes, backbones, repetitions. Plain data, so that it can be sent to a process."""

from dataclasses import dataclass

QUICK_IMAGES = 64
BATCH = 32


@dataclass(frozen=True)
class Settings:
    """The sizes of one benchmark.

    Attributes:
        backbones: Ids of the backbones to measure.
        n_images: Training pictures; a quarter as many validate.
        image_size: Their side, in px.
        repeat: Repetitions of each measurement; medians are reported.
        is_quick: Whether to try every part on next to nothing: its figures mean nothing.
    """

    backbones: tuple[str, ...] = ("mobilenet_v2", "efficientnet_lite0", "resnet50", "vgg16")
    n_images: int = 2000
    image_size: int = 160
    repeat: int = 5
    is_quick: bool = False

    @property
    def n_validation(self) -> int:
        """Validation pictures: a quarter as many as training pictures, at least one batch."""
        return max(BATCH, self.n_images // 4)

    @classmethod
    def quick(cls) -> "Settings":
        """Returns the smallest benchmark in which everything is done once."""
        return cls(("squeezenet",), QUICK_IMAGES, 64, 1, is_quick=True)
