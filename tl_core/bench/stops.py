"""(f) How long a stop takes, whatever is being computed: until it is recorded, and until the worker is free again."""

import threading
from collections.abc import Mapping
from contextlib import suppress
from types import MappingProxyType

from tl_core.bench import live
from tl_core.bench.settings import Settings
from tl_core.bench.specs import spec_of
from tl_core.bench.timing import percentile, value
from tl_core.engine.service import Engine
from tl_core.errors import StoreError
from tl_core.spec import RunSpec
from tl_core.store.access import OPERATOR

FIGURE_S = 1.0
MOST_TURNS = 3  # of four phases each
PER_CLASS = 3  # few training pictures, so that testing comes soon
INTO_S = (0.05, 0.4, 1.0)  # after the beginning of a phase; a compilation, above all, does not look up
CUTS: Mapping[str, str] = MappingProxyType(  # what is stopped: the cut of a run that does it for long enough
    {"features": "all", "compiling": "scratch", "training": "scratch", "testing": "scratch"}
)


def measure(settings: Settings) -> list[dict]:
    """Returns p50 and p95 over all phases, and the seconds in each."""
    samples: dict[str, list[tuple[float, float]]] = {phase: [] for phase in CUTS}
    with live.engine() as engine:
        for turn in range(min(settings.repeat, MOST_TURNS)):
            for phase in CUTS:
                samples[phase].append(_stop(engine, _spec(phase, turn, settings), phase, INTO_S[turn % len(INTO_S)]))
    rows = []
    for place, name in enumerate(("recorded", "worker free")):
        by_phase = {phase: [pair[place] for pair in pairs] for phase, pairs in samples.items()}
        pooled = [seconds for values in by_phase.values() for seconds in values]
        for share in (0.5, 0.95):
            row = value(f"stop {name} p{share * 100:.0f}", percentile(pooled, share), "s", at_most=FIGURE_S)
            rows.append(row | {"samples": by_phase})
    return rows


def _spec(phase: str, turn: int, settings: Settings) -> RunSpec:
    """Returns a run whose features nobody has computed before: its random weights are those of a new seed."""
    spec = spec_of(settings.backbones[0], CUTS[phase], settings)
    n_epochs = 1 if phase == "testing" else spec.epochs
    return spec.with_changes(weights="random", seed=turn, epochs=n_epochs, per_class=PER_CLASS, batch_size=16)


def _stop(engine: Engine, spec: RunSpec, phase: str, into_s: float) -> tuple[float, float]:
    """Stops a run when it has been in a phase for a while.

    Returns:
        The seconds until that is recorded, and until its worker has let go of it.
    """
    run_id = live.submit(engine, spec)
    live.until(lambda: engine.runs.snapshot(run_id, by=OPERATOR).phase in (phase, None))
    threading.Event().wait(into_s)
    engine.runs.stop(run_id, by=OPERATOR)
    recorded_s = live.until(lambda: not engine.runs.snapshot(run_id, by=OPERATOR).is_active)
    return recorded_s, recorded_s + live.until(lambda: _is_deleted(engine, run_id))


def _is_deleted(engine: Engine, run_id: str) -> bool:
    """Deletes a run; says no while a worker still has it."""
    with suppress(StoreError):
        engine.runs.delete(run_id, by=OPERATOR)
        return True
    return False
