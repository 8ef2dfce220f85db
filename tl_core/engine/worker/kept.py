"""What a worker keeps between its tasks."""

from dataclasses import dataclass
from pathlib import Path

from tl_core.engine.worker.model_cache import ModelCache
from tl_core.engine.worker.warm_cache import WarmCache


@dataclass(frozen=True)
class Kept:
    """What tasks find ready and leave ready for the next one. Thread: worker.

    Attributes:
        home: The data folder.
        models: Networks that classified pictures lately.
        warm: Data set and backbone of the last training.
    """

    home: Path
    models: ModelCache
    warm: WarmCache

    @classmethod
    def empty(cls, home: Path) -> "Kept":
        return cls(home, ModelCache(home), WarmCache())
