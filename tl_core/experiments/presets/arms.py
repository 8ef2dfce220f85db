"""Arms of a preset: ways of training that are set side by side, and the sentence about two of them."""

from collections.abc import Mapping, Sequence
from typing import Any

from tl_core.errors import InputError
from tl_core.experiments.preset import Answer
from tl_core.experiments.statistics import Difference


def arms_of(options: Mapping[str, Any], known: Sequence[str], usual: Sequence[str]) -> tuple[str, ...]:
    """Returns the arms that are asked for, in the order of the preset.

    Args:
        options: "arms": names, or one text with commas between them; None or missing: the usual ones.
        known: All arms that the preset has.
        usual: Those that it begins with.

    Raises:
        InputError: "bad_arms".
    """
    asked = options.get("arms") or usual
    names = [name.strip() for name in asked.split(",")] if isinstance(asked, str) else list(asked)
    if not names or set(names) - set(known):
        raise InputError("bad_arms", received=", ".join(map(str, names))[:60], allowed=list(known))
    return tuple(name for name in known if name in names)


def told(difference: Difference) -> dict[str, Any]:
    """Returns what a sentence names of a difference whose interval is known."""
    assert difference.interval is not None
    low, high = difference.interval
    return {"difference": difference.mean, "low": low, "high": high, "n_seeds": difference.n}


def beside(kind: str, difference: Difference, **names: Any) -> Answer:
    """Returns the sentence about two levels: "<kind>_better", "_worse", said in points above 0, or "_noise"."""
    if difference.interval is None or difference.outcome == "within_noise":
        return Answer(f"{kind}_noise", {**names, "n_seeds": difference.n})
    is_better = difference.outcome == "better"
    return Answer(f"{kind}_{difference.outcome}", {**names, **told(difference if is_better else -difference)})
