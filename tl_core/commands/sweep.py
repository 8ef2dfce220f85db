"""`python -m tl_core sweep`: one question, asked of many runs in this process; what equal runs know is not computed."""

import argparse
import os
import threading
import tomllib
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from tl_core.commands.output import DONE, FAILED, INTERRUPTED, Output, complain
from tl_core.commands.train import OPTIONS
from tl_core.disk.home import data_home
from tl_core.engine.inline import interruptible, sweeps_here
from tl_core.engine.runs.sweep_snapshots import OVER, SweepSnapshot
from tl_core.engine.runs.sweeps import Sweeps
from tl_core.errors import InputError
from tl_core.experiments.preset import Preset
from tl_core.experiments.presets import PRESETS
from tl_core.experiments.sentence import answer_of, sentence
from tl_core.experiments.sweep import SEED, Sweep, grid
from tl_core.phrases import duration, explain
from tl_core.spec import check_field
from tl_core.store.access import OPERATOR
from tl_core.store.records import RunState, SweepRecord, SweepState, Visibility
from tl_core.store.sqlite.store import SqliteStore

FILE = ".toml"
KEYS = ("base", "factors", "seeds")  # of such a file
# options that the plan resolves
TEXTS = ("dataset", "backbone", "freeze", "freeze_also", "head_at", "pretrained_blocks", "source")
LOOK_S = 0.1  # between two looks at what has ended
EXIT_STATUS = {SweepState.COMPLETED: DONE, SweepState.STOPPED: INTERRUPTED, SweepState.INTERRUPTED: FAILED}


def add_sweep_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `sweep`: those of `train` that say what is trained, and its own."""
    parser.add_argument("what", metavar=f"KIND|FILE{FILE}", nargs="?")
    for name in OPTIONS:
        parser.add_argument(f"--{name}")
    parser.add_argument("--nesterov", action="store_true", default=None)
    parser.add_argument("--no-cache", dest="use_cache", action="store_false", default=None)
    parser.add_argument("--seeds", type=int, metavar="N")
    parser.add_argument("--name")
    parser.add_argument("--resume", metavar="SWEEP")
    parser.add_argument("--private", action="store_true")


def sweep(options: argparse.Namespace, output: Output) -> int:
    """Trains the trials of a sweep.

    Returns:
        0, or 1 when a trial failed, or 130 when it was interrupted.
    """
    what, resumed, given = options.what, options.resume, _given(options)
    if (what is None) == (resumed is None) or (resumed is not None and (given or options.seeds or options.name)):
        raise InputError("sweep_or_resume")
    with closing(SqliteStore(data_home())) as store:
        if resumed is not None:
            asked = Sweep.from_dict(store.sweeps.get(resumed).sweep)
        else:
            asked = asked_sweep(what, given, options.seeds)
        asked.trials(data_home())  # refused before anything heavy is loaded
        if threads := asked.base.get("threads"):  # before Keras is imported
            os.environ["TL_THREADS"] = str(threads)
        with sweeps_here(store, data_home()) as sweeps:
            if resumed is not None:
                record = sweeps.go_on(resumed, by=OPERATOR)
            else:
                record = sweeps.start(asked, by=OPERATOR, name=options.name or _name(what, given))
                sweeps.share(record.id, Visibility.PRIVATE if options.private else Visibility.CLASS, by=OPERATOR)
            return _say_over(store, _follow(sweeps, record, asked, output), asked, output)


def _given(options: argparse.Namespace) -> dict[str, Any]:
    """Returns the options of a run that were given, as values of their kind."""
    if options.seed is not None:
        raise InputError("command_line", reason=f"a sweep takes --seeds N, not --seed {options.seed}")
    names = [name.replace("-", "_") for name in OPTIONS] + ["nesterov", "use_cache"]
    given = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    return {name: value if name in TEXTS else check_field(name, value) for name, value in given.items()}


def _name(what: str, given: Mapping[str, Any]) -> str:
    return " · ".join([Path(what).stem, *(str(given[name]) for name in ("dataset", "backbone") if name in given)])


# ---- what is asked ----


def asked_sweep(what: str, given: Mapping[str, Any], n_seeds: int | None) -> Sweep:
    """Returns what a kind or a file asks.

    Args:
        what: A preset's id, or the path of a file.
        given: Options of `plan_run`; they come before those of a file.
        n_seeds: How many seeds; None leaves it to the preset or the file.

    Raises:
        InputError: "unknown_sweep_kind" or "sweep_option_fixed"; "sweep_file" or "sweep_file_keys"; "bad_sweep".
    """
    if not what.endswith(FILE):
        if what not in PRESETS:
            raise InputError("unknown_sweep_kind", received=what[:60], allowed=list(PRESETS))
        preset = PRESETS[what]
        asked = preset.sweep(given, preset.n_seeds if n_seeds is None else n_seeds, data_home())
        _refuse_fixed(preset, given, asked)
        return asked
    told = _read(Path(what))
    seeds = told.get("seeds", 1) if n_seeds is None else n_seeds
    seeds = range(seeds) if isinstance(seeds, int) else seeds
    return Sweep("own", {**told.get("base", {}), **given}, grid(told["factors"]), tuple(seeds))


def _refuse_fixed(preset: Preset, given: Mapping[str, Any], asked: Sweep) -> None:
    """Refuses an option that a kind does not follow, since it sets that itself."""
    for name, value in given.items():
        others = {other: given[other] for other in given if other != name}
        if preset.sweep(others, len(asked.seeds), data_home()) != asked:
            continue
        if value not in {getattr(trial.spec, name, None) for trial in asked.trials(data_home())}:
            option = "--" + name.replace("_", "-")
            raise InputError("sweep_option_fixed", kind=preset.id, option=option, received=str(value)[:60])


def _read(path: Path) -> dict[str, Any]:
    """Returns what a file says, checked for its form.

    Raises:
        InputError: "sweep_file" or "sweep_file_keys".
    """
    try:
        told = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError("sweep_file", file=path.name, reason=str(error)) from error
    if unknown := [key for key in told if key not in KEYS]:
        raise InputError("sweep_file_keys", file=path.name, received=unknown, allowed=list(KEYS))
    base, factors, seeds = told.get("base", {}), told.get("factors"), told.get("seeds", 1)
    is_grid = isinstance(factors, dict) and bool(factors) and all(map(_is_list, factors.values()))
    is_seeded = _is_whole(seeds) or (isinstance(seeds, list) and all(map(_is_whole, seeds)))
    if not (isinstance(base, dict) and is_grid and is_seeded):
        raise InputError("sweep_file_form", file=path.name)
    return told


def _is_list(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str | int | float) for one in value)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


# ---- what is said ----


def _follow(sweeps: Sweeps, record: SweepRecord, asked: Sweep, output: Output) -> SweepSnapshot:
    """Says what happens until a sweep is at rest; the first Ctrl-C stops it."""
    _say_started(record, asked, sweeps.estimate_s(asked, may_measure=False), output)
    said: set[int] = set()
    pause, version = threading.Event(), -1
    with interruptible() as should_stop:
        while True:
            seen = sweeps.snapshot(record.id, by=OPERATOR)
            if seen.version != version:
                version = seen.version
                _say_ended(seen, asked, said, output)
            if not seen.is_active and not sweeps.holds(record.id):
                break
            if seen.is_active and should_stop():
                sweeps.stop(record.id, by=OPERATOR)
            pause.wait(LOOK_S)
    output.clear_progress()
    return seen


def _say_started(record: SweepRecord, asked: Sweep, estimate_s: float | None, output: Output) -> None:
    if output.is_json:
        about = {"sweep_id": record.id, "n_trials": asked.n_trials, "estimate_s": estimate_s}
        output.value({"event": "sweep_started"} | about)
        return
    word = "command.sweep_started" if estimate_s is None else "command.sweep_started_estimated"
    time = duration(estimate_s or 0.0, output.language)
    print(output.phrase(word, sweep=record.id, n=asked.n_trials, seconds=time))


def _say_ended(seen: SweepSnapshot, asked: Sweep, said: set[int], output: Output) -> None:
    """Says which trials have ended since the last look, and how far the rest is."""
    for place, row in enumerate(seen.rows):
        if row["state"] in OVER and place not in said:
            said.add(place)
            factors = {name: row[name] for name in (*asked.factors, SEED)}
            output.clear_progress()
            if output.is_json:
                about = {"sweep_id": seen.record.id, "run_id": row["run_id"], "factors": factors}
                told = {"test_accuracy": row["test_accuracy"], "state": row["state"]}
                output.value({"event": "trial_ended"} | about | told)
            else:
                accuracy = "–" if row["test_accuracy"] is None else f"{row['test_accuracy']:.4f}"
                levels = " · ".join(f"{name} {level}" for name, level in factors.items())
                print(output.phrase("command.trial_ended", levels=levels, accuracy=accuracy, state=row["state"]))
    if seen.is_active:
        _show_progress(seen, output)


def _show_progress(seen: SweepSnapshot, output: Output) -> None:
    if (doing := seen.doing) is not None:
        output.progress(output.phrase(f"phase.{doing['phase']}"), doing["done"] / max(1, doing["total"]))
    else:
        done = output.phrase("command.trials", done=seen.n_done, n=seen.n_trials)
        output.progress(done, seen.n_done / seen.n_trials)


def _say_over(store: SqliteStore, seen: SweepSnapshot, asked: Sweep, output: Output) -> int:
    answer = _answer(asked, seen.rows, output)
    if output.is_json:
        output.value({"event": "sweep_ended", "sweep_id": seen.record.id, "rows": list(seen.rows), "answer": answer})
    else:
        output.table(list(seen.rows), (*asked.factors, SEED, "state", "test_accuracy"))
        if answer is not None:
            print(answer)
    if seen.record.error:
        complain(explain(seen.record.error, output.language))
    failed = [row["run_id"] for row in seen.rows if row["state"] == RunState.FAILED.value]
    for error in filter(None, (store.get(run_id).error for run_id in failed[:1])):
        complain(explain(error, output.language))
    status = EXIT_STATUS.get(seen.record.state, FAILED)
    return FAILED if failed and status == DONE else status


def _answer(asked: Sweep, rows: Sequence[Mapping[str, Any]], output: Output) -> str | None:
    answer = answer_of(asked.kind, rows)
    return None if answer is None else sentence(asked.kind, answer, output.language)
