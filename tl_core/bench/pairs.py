"""(i) Two runs at once, each in a worker of its own with one thread, ÷ one after the other with all threads."""

import threading
import time

from tl_core.bench import live
from tl_core.bench.settings import Settings
from tl_core.bench.specs import spec_of
from tl_core.bench.timing import ratio
from tl_core.engine.environment import n_threads
from tl_core.engine.service import Engine
from tl_core.store.access import OPERATOR

FIGURE = 1.4
WINDOW_S, QUICK_WINDOW_S = 15.0, 1.0
LOOK_S = 0.01
MOST_TURNS = 3
PAUSE_S = 0.5  # a paused run finishes its present call


def measure(settings: Settings) -> list[dict]:
    """Returns the ratio of the seconds a step takes, of one run alone and of both together.

    Three runs stand ready, all of whose blocks are trained, and take turns by being paused: so both ways meet the same
    machine at the same time.
    """
    spec = spec_of(settings.backbones[0], "scratch", settings)
    window_s = QUICK_WINDOW_S if settings.is_quick else WINDOW_S
    samples: dict[str, list[float]] = {"one_after_the_other": [], "at_once": []}
    with live.engine() as engine:
        alone = live.submit(engine, spec.with_changes(threads=n_threads()), "first")
        pair = [live.submit(engine, spec.with_changes(threads=1, seed=seed), f"{seed}") for seed in (1, 2)]
        for run_id in (alone, *pair):
            live.until(lambda run_id=run_id: engine.runs.snapshot(run_id, by=OPERATOR).step > 1)
            engine.runs.pause(run_id, by=OPERATOR)
        n_workers = engine.status().n_workers
        for _ in range(min(settings.repeat, MOST_TURNS)):
            samples["one_after_the_other"].append(_step_s(engine, [alone], window_s))
            samples["at_once"].append(_step_s(engine, pair, window_s))
    row = ratio("two runs at once", samples, at_least=FIGURE)
    return [row | {"backbone": spec.backbone, "n_workers": n_workers, "threads": n_threads(), "window_s": window_s}]


def _step_s(engine: Engine, runs: list[str], window_s: float) -> float:
    """Lets paused runs go on for a while; returns the seconds for each step of any of them."""
    for run_id in runs:
        engine.runs.resume_paused(run_id, by=OPERATOR)
    rates = _rates(engine, runs, window_s)
    for run_id in runs:
        engine.runs.pause(run_id, by=OPERATOR)
    threading.Event().wait(PAUSE_S)
    return 1 / sum(rates)


def _rates(engine: Engine, runs: list[str], window_s: float) -> list[float]:
    """Returns steps a second of each run, from its first to its last step in the window (or its third, if later)."""
    seen: dict[str, list[tuple[float, int]]] = {run_id: [] for run_id in runs}
    before = {run_id: engine.runs.snapshot(run_id, by=OPERATOR).step for run_id in runs}
    end_s, pause = time.perf_counter() + window_s, threading.Event()
    while time.perf_counter() < end_s or min(map(len, seen.values())) < 3:
        for run_id in runs:
            step = engine.runs.snapshot(run_id, by=OPERATOR).step
            if step > before[run_id]:
                before[run_id] = step
                seen[run_id].append((time.perf_counter(), step))
        pause.wait(LOOK_S)
    return [(marks[-1][1] - marks[0][1]) / (marks[-1][0] - marks[0][0]) for marks in seen.values()]
