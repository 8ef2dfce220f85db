"""What to try after a run and its baseline: one change that asks the next question, from what the two have shown."""

from dataclasses import dataclass
from pathlib import Path

from tl_core.models.catalog import backbone_info
from tl_core.planning.expectations import cuts
from tl_core.planning.fit import fitted
from tl_core.planning.lab_link import LabLink
from tl_core.planning.plan import is_head_only
from tl_core.spec import RANGES, RunSpec

FEW = 5  # pictures a class: little enough to be felt
OTHER = {"mobilenet_v2": "efficientnet_lite0"}  # which network comes after; for all others the first one


@dataclass(frozen=True)
class NextStep:
    """One change.

    Attributes:
        code: "less_frozen", "fewer_pictures", "all_pictures", "all_frozen", "backbone" or "seed".
        changes: Fields of `RunSpec` that change.
    """

    code: str
    changes: dict[str, object]

    def spec(self, before: RunSpec, home: Path | None = None) -> RunSpec:
        """Returns what to train next, made to fit together; how it is trained is planned anew.

        Args:
            before: What was trained.
            home: The data folder, where visitors' own data sets are.
        """
        changed = before.with_changes(**self.changes)
        planned = frozenset({"phases", "head_learning_rate", "learning_rate", "batchnorm"})
        return fitted(LabLink(changed, left_open=planned), home)[0].spec


def next_step(spec: RunSpec, outcome: str) -> NextStep | None:
    """Returns what to try next.

    Args:
        spec: Of the run.
        outcome: As `evaluation.comparison.Comparison.outcome`: the run against its baseline.

    Returns:
        None where the run started from random numbers: it says nothing about transfer.
    """
    if not spec.is_pretrained:
        return None
    if outcome == "better":
        if is_head_only(spec) and spec.head_at is None:
            trained = {"head": "linear"} if spec.is_fitted else {}  # a fit needs all of them frozen
            return NextStep("less_frozen", {"n_frozen": cuts(spec.backbone)[2], **trained})
        if spec.per_class is None or spec.per_class > FEW:
            return NextStep("fewer_pictures", {"per_class": FEW})
    elif outcome == "worse" and not is_head_only(spec):
        return NextStep("all_frozen", {"n_frozen": backbone_info(spec.backbone).n_used(spec.head_at)})
    elif outcome == "within_noise" and spec.per_class is not None:
        return NextStep("all_pictures", {"per_class": None})
    if outcome == "within_noise":
        return NextStep("seed", {"seed": (spec.seed + 1) % (RANGES["seed"][1] + 1)})
    other = backbone_info(OTHER.get(spec.backbone, "mobilenet_v2"))
    return NextStep("backbone", {"backbone": other.id, "n_frozen": other.n_blocks, "head_at": None})
