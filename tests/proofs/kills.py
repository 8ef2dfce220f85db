"""Nothing is lost by kill -9: a process that trains through the real store is killed again and again, half of the times
at the moment when it begins to write.

The process says on its standard output what it is about to write and what the store has acknowledged; its weights are
about 1 MB of the number of their epoch, so that a file with the weights of another epoch would be seen.
"""

import itertools
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import numpy as np

from tests.proofs.finding import Finding
from tl_core.disk.files import drop_checkpoints, latest_checkpoint, save_checkpoint
from tl_core.paths import PROJECT
from tl_core.store.records import EpochRecord, RunRecord, RunState
from tl_core.store.sqlite.store import SqliteStore

N_KILLS = 200
N_EPOCHS = 6  # of a run
N_NUMBERS = 250_000  # float32, 1 MB
MOST_S = 0.25  # between the first mark and the kill
EARLY, START_S = 0.1, 0.6  # how many are killed within the first moments, and which these are
MARKED_S = 5.0


# ---- what is killed ----


def say(*words: object) -> None:
    """Writes one line at once: a pipe keeps it when the writer dies."""
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


def epoch_record(number: int) -> EpochRecord:
    """Returns an epoch whose figures tell its number."""
    return EpochRecord(number, 1 / number, 0.5, 1 / number, 0.5, 1.0, number, number, number, True)


def train(store: SqliteStore, run: RunRecord) -> None:
    """Takes a run to its end, from its newest checkpoint, in the order in which engine and worker do it."""
    folder = store.run_folder(run.id)
    found = latest_checkpoint(folder)
    store.start_run(run.id, frozen_params=1, trainable_params=1, is_cached=False)
    for number in range(1 + (found[0] if found else 0), N_EPOCHS + 1):
        say("begin")
        store.add_epoch(run.id, epoch_record(number), [[number, 1.0]])
        say("end")
        say("epoch", run.id, number)
        say("begin")
        save_checkpoint(folder, number, {"w": np.full(N_NUMBERS, number, np.float32)}, {"epoch": str(number)})
        say("end")
    say("begin")
    store.finish_run(run.id, RunState.COMPLETED, test_accuracy=0.5, best_epoch=N_EPOCHS)
    say("end")
    say("finished", run.id)
    drop_checkpoints(folder)


def work(home: Path) -> None:
    """Resumes what can be resumed, then trains new runs until somebody ends it."""
    with SqliteStore(home) as store:
        for run in store.list_runs(states=[RunState.INTERRUPTED], limit=3):
            train(store, run)
        for number in itertools.count():
            train(store, store.create_run({}, role="run", name=f"run {number}", environment={}))


# ---- who kills it, and looks what is left ----


@dataclass
class Tally:
    """What the killed processes have acknowledged, and what was found afterwards."""

    epochs: dict[str, int] = field(default_factory=dict)
    finished: set[str] = field(default_factory=set)
    counts: Counter = field(default_factory=Counter)
    slowest_s: float = 0.0

    def hear(self, lines: list[str]) -> None:
        """Takes in what a process said; a line that was cut off acknowledges nothing."""
        is_inside = False
        for line in lines:
            match line.split():
                case ["begin"]:
                    is_inside = True
                case ["end"]:
                    is_inside = False
                case ["epoch", run_id, number] if line.endswith("\n"):
                    self.epochs[run_id] = int(number)
                case ["finished", run_id] if line.endswith("\n"):
                    self.finished.add(run_id)
        self.counts["kills"] += 1
        self.counts["inside"] += is_inside


def killed(home: Path, chance: random.Random) -> list[str]:
    """Starts a process, kills it at some moment, and returns the lines that it said."""
    command = [sys.executable, "-m", "tests.proofs.kills", str(home)]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as child:
        is_early = chance.random() < EARLY  # perhaps while it still recovers what the one before has left
        lines = [] if is_early else heard(child.stdout, chance)
        time.sleep(chance.uniform(0, START_S if is_early else 0.005))
        os.kill(child.pid, signal.SIGKILL)
        return lines + child.stdout.readlines()


def heard(said: IO[str], chance: random.Random) -> list[str]:
    """Listens for some time after the first line, then half of the times until a write begins; returns all lines."""
    lines, end_s = [said.readline()], time.monotonic() + chance.uniform(0, MOST_S)
    while time.monotonic() < end_s:
        lines.append(said.readline())
    if chance.random() < 0.5:
        while lines[-1] not in ("begin\n", ""):
            lines.append(said.readline())
    return lines


def look(home: Path, tally: Tally) -> None:
    """Opens what a killed process left, and counts what is not as it must be."""
    began_s = time.monotonic()
    with SqliteStore(home) as store:
        runs = {run.id: run for run in store.list_runs()}
        tally.slowest_s = max(tally.slowest_s, time.monotonic() - began_s)
        tally.counts["lost runs"] = sum(_is_lost(runs.get(run_id)) for run_id in tally.finished)
        tally.counts["still active"] += sum(not run.state.is_finished for run in runs.values())
        for run_id, n_epochs in tally.epochs.items():
            tally.counts["lost epochs"] += not _has_epochs(store, run_id, n_epochs)
        for run in runs.values():
            if run.state is RunState.INTERRUPTED:
                _resume(store, run, tally)


def _is_lost(run: RunRecord | None) -> bool:
    return run is None or (run.state, run.test_accuracy, run.best_epoch) != (RunState.COMPLETED, 0.5, N_EPOCHS)


def _has_epochs(store: SqliteStore, run_id: str, n_epochs: int) -> bool:
    return store.epochs(run_id)[:n_epochs] == [epoch_record(number) for number in range(1, n_epochs + 1)]


def _resume(store: SqliteStore, run: RunRecord, tally: Tally) -> None:
    """Takes a run up from its checkpoint for one more save."""
    folder, found, n_epochs = store.run_folder(run.id), None, len(store.epochs(run.id))
    tally.counts["interrupted"] += 1
    if n_epochs:
        found = latest_checkpoint(folder)
        whole = found is not None and {found[0], int(found[2]["epoch"])} | set(found[1]["w"].tolist()) == {found[0]}
        is_ahead = found is not None and found[0] > n_epochs
        tally.counts["torn checkpoints"] += not (whole or (found is None and n_epochs == 1)) or is_ahead
        tally.counts["far behind"] += n_epochs - (found[0] if found else 0) > 1
    number = found[0] if found else 0
    store.start_run(run.id, frozen_params=1, trainable_params=1, is_cached=False)
    tally.counts["resumed"] += 1
    if number:
        save_checkpoint(folder, number, found[1], found[2])
    tally.counts["leftovers"] += len(list(folder.glob(".*.tmp")))


def prove(n: int | None = None) -> list[Finding]:
    """Kills a training process n times.

    Random:
        The moments are drawn from a fixed seed; where in its work the process then is, the machine decides.
    """
    tally, chance = Tally(), random.Random(4)
    with tempfile.TemporaryDirectory() as home:
        for _ in range(n or N_KILLS):
            tally.hear(killed(Path(home), chance))
            look(Path(home), tally)
    counts = tally.counts
    share = counts["inside"] / counts["kills"]
    nothing = ("lost runs", "lost epochs", "still active", "torn checkpoints", "far behind", "leftovers")
    return [
        Finding("kills", str(counts["kills"]), "as many as asked for", counts["kills"] == (n or N_KILLS)),
        Finding(
            "of them inside a write", f"{counts['inside']}, {share:.0%}", "at least 30 %", share >= 0.3, is_speed=True
        ),
        Finding("finished runs", str(len(tally.finished)), "more than 0", bool(tally.finished), is_speed=True),
        *(Finding(what, str(counts[what]), "0", not counts[what]) for what in nothing),
        Finding("resumed", f"{counts['resumed']} of {counts['interrupted']}", "all", _all(counts)),
        Finding("slowest reopening", f"{tally.slowest_s:.2f} s", f"{MARKED_S} s", tally.slowest_s <= MARKED_S, True),
    ]


def _all(counts: Counter) -> bool:
    return counts["resumed"] == counts["interrupted"] > 0


if __name__ == "__main__":
    work(Path(sys.argv[1]))
