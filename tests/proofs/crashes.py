"""Nothing is lost when processes die: an engine with a real worker trains three runs; again and again the server, the
worker or both are killed at some moment, or the worker is frozen.

The server is the engine in a process of its own, with the store, the pipe and the worker that the app has. It says on
its standard output what the record holds, and resumes by hand what has not come into line by itself.
"""

import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from safetensors.numpy import load_file

from tests.proofs.finding import Finding
from tl_core.disk.files import WEIGHTS_FILE
from tl_core.engine.service import Engine
from tl_core.errors import StoreError
from tl_core.paths import PROJECT
from tl_core.spec import RunSpec
from tl_core.store.access import OPERATOR
from tl_core.store.records import RunRecord, RunState
from tl_core.store.sqlite.store import SqliteStore

N_KILLS = 100
KINDS = ("server", "worker", "both", "freeze")
N_EPOCHS = 200
SPEC = RunSpec(backbone="squeezenet", image_size=64, n_frozen=9, per_class=4, batch_size=16, epochs=N_EPOCHS)
SPECS = {f"run {seed}": SPEC.with_changes(seed=seed, head="dense", hidden=16, dropout=0.2) for seed in range(3)}
AGAIN_S = 5.0  # from a worker that is ready to steps of the run that its predecessor had
GONE_S = 10.0  # until a worker without a server has ended
PATIENCE_S = 180.0
LOOK_S = 0.02


# ---- what is killed ----


def serve(home: Path, *, is_once: bool) -> None:
    """Keeps a run of each spec under way, or with `is_once` ends when each is complete."""
    with SqliteStore(home) as store:
        engine, said = Engine(store, home), {}
        while not (is_once and all(_completed(store, name) for name in SPECS)):
            for name, spec in SPECS.items():
                if not is_once or not _completed(store, name):
                    _keep_under_way(engine, name, spec)
            news = {"pids": engine.pids(), "device": engine.status().device} | _seen(engine)
            for what, value in news.items():
                if said.get(what) != value:
                    print(time.monotonic(), what, *(value if isinstance(value, tuple | list) else [value]), flush=True)
            said = news
            time.sleep(LOOK_S)
        engine.close()


def _completed(store: SqliteStore, name: str) -> list[RunRecord]:
    return [run for run in store.list_runs(states=[RunState.COMPLETED]) if run.name == name]


def _keep_under_way(engine: Engine, name: str, spec: RunSpec) -> None:
    for run in engine.store.list_runs():
        if run.name == name and run.state is not RunState.COMPLETED:
            if not engine.runs.snapshot(run.id, by=OPERATOR).is_active:
                with suppress(StoreError):  # it has completed in this very moment
                    engine.runs.resume(run.id, by=OPERATOR)
            return
    engine.runs.submit(spec, by=OPERATOR, name=name, is_afresh=True)


def _seen(engine: Engine) -> dict[str, tuple]:
    """Returns what each run has on record, how many workers it has lost, and the steps that it was seen to do."""
    found = {}
    for run in engine.store.list_runs():
        if run.state is RunState.COMPLETED:
            found[run.id] = ("complete",)
        else:
            seen = engine.runs.snapshot(run.id, by=OPERATOR)
            found[run.id] = (len(engine.store.epochs(run.id)), seen.n_lost, seen.phase, seen.step)
    return found


# ---- who kills it, and looks what is left ----


class Served:
    """A server process, and what it has said."""

    def __init__(self, home: Path, mode: str) -> None:
        command = [sys.executable, "-m", "tests.proofs.crashes", str(home), mode]
        environment = {**os.environ, "TL_HOME": str(home), "TL_WORKERS": "1"}
        self.process = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=subprocess.PIPE, text=True)
        self.said: list[list[str]] = []
        self.listening = threading.Thread(target=self._listen, daemon=True)
        self.listening.start()

    def _listen(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as said:
            for line in said:
                if line.endswith("\n"):  # what was cut off acknowledges nothing
                    self.said.append(line.split())

    def wait(self, what: str, is_so) -> None:
        end_s = time.monotonic() + PATIENCE_S
        while not is_so():
            if time.monotonic() > end_s:
                raise TimeoutError(f"{what}; it said {self.said[-12:]}")
            time.sleep(LOOK_S)

    def last(self, what: str) -> list[str]:
        return next((words[2:] for words in reversed(list(self.said)) if words[1] == what), [])

    def runs(self) -> dict[str, list[str]]:
        return {words[1]: words[2:] for words in list(self.said) if words[1] not in ("pids", "device")}

    def is_training(self) -> bool:
        """Whether each of three runs does steps."""
        return sum(row[2:3] == ["training"] for row in self.runs().values()) == len(SPECS)

    def worker(self) -> int:
        return int(self.last("pids")[0])


@contextmanager
def served(home: Path, mode: str) -> Iterator[Served]:
    made = Served(home, mode)
    try:
        yield made
    finally:
        made.process.kill()
        made.process.wait()
        made.listening.join()


def _again_s(server: Served, n_said: int) -> list[float]:
    """Returns the seconds from the moment at which a new worker was ready to a new step of each run that it took up."""
    ready_s, seen, again = None, {}, {}
    for moment, what, *words in server.said[n_said:]:
        if what == "device" and words != ["None"]:
            ready_s = float(moment)
        elif len(words) == 4 and ready_s is not None and words[1] == "1":
            if what in seen and int(words[3]) > seen[what] and what not in again:
                again[what] = float(moment) - ready_s
            seen.setdefault(what, int(words[3]))
    return list(again.values())


class Tally:
    """What was acknowledged, and what was found."""

    def __init__(self) -> None:
        self.counts: Counter = Counter()
        self.epochs: dict[str, int] = {}
        self.completed: set[str] = set()
        self.again_s: list[float] = []

    def hear(self, server: Served) -> None:
        for run_id, row in server.runs().items():
            if row == ["complete"]:
                self.completed.add(run_id)
            else:
                self.epochs[run_id] = max(int(row[0]), self.epochs.get(run_id, 0))

    def look(self, home: Path) -> None:
        """Opens what a killed server left."""
        with SqliteStore(home) as store:
            runs = {run.id: run for run in store.list_runs()}
            for run_id in self.completed:
                self.counts["lost runs"] += run_id not in runs or runs[run_id].state is not RunState.COMPLETED
            for run_id, n_epochs in self.epochs.items():
                self.counts["lost runs"] += run_id not in runs
                self.counts["lost epochs"] += run_id in runs and len(store.epochs(run_id)) < n_epochs
            self.counts["not resumable"] += sum(
                run.state is not RunState.COMPLETED and not run.is_resumable for run in runs.values()
            )


def _kill(server: Served, kind: str, tally: Tally) -> None:
    worker, n_said = server.worker(), len(server.said)
    if kind != "server":
        os.kill(worker, signal.SIGSTOP if kind == "freeze" else signal.SIGKILL)
    if kind in ("server", "both"):
        os.kill(server.process.pid, signal.SIGKILL)
        server.process.wait()
        end_s = time.monotonic() + GONE_S
        while _is_there(worker) and time.monotonic() < end_s:
            time.sleep(LOOK_S)
        tally.counts["orphans"] += _is_there(worker)
    else:
        server.wait("another worker", lambda: server.last("pids") not in ([], [str(worker)]))
        server.wait("all train again", lambda: len(server.said) > n_said and server.is_training())
        time.sleep(0.3)
        tally.again_s += _again_s(server, n_said)
    tally.counts[kind] += 1


def _is_there(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _facts(store: SqliteStore, run: RunRecord) -> tuple:
    """Returns all that was measured of a run but the time."""
    rows = [
        (
            one.epoch,
            one.step,
            one.images,
            one.train_loss,
            one.train_accuracy,
            one.val_loss,
            one.val_accuracy,
            one.is_best,
        )
        for one in store.epochs(run.id)
    ]
    arrays = load_file(store.run_folder(run.id) / WEIGHTS_FILE)
    return rows, run.best_epoch, run.test_accuracy, {name: array.tobytes() for name, array in sorted(arrays.items())}


def _compare(home: Path, expected: dict[str, tuple], tally: Tally) -> None:
    with SqliteStore(home) as store:
        for run in store.list_runs(states=[RunState.COMPLETED]):
            found = _facts(store, run)
            tally.counts["completed"] += 1
            tally.counts["missing epochs"] += N_EPOCHS - len(found[0])
            tally.counts["other than uninterrupted"] += found != expected[run.name]


def prove(n: int | None = None) -> list[Finding]:
    """Kills n times, in turns the server, the worker and both, and freezes the worker.

    Random:
        The moments are drawn from a fixed seed; what the processes then do, the machine decides.
    """
    tally, chance = Tally(), random.Random(13)
    with tempfile.TemporaryDirectory() as undisturbed, tempfile.TemporaryDirectory() as folder:
        with served(Path(undisturbed), "once") as server:
            server.process.wait(PATIENCE_S)
        with SqliteStore(Path(undisturbed)) as store:
            expected = {run.name: _facts(store, run) for run in store.list_runs()}
        home, kinds = Path(folder), [KINDS[at % len(KINDS)] for at in range(n or N_KILLS)]
        while kinds:
            with served(home, "always") as server:
                server.wait("three runs train", server.is_training)
                while kinds:
                    time.sleep(chance.uniform(0, 2))
                    kind = kinds.pop(0)
                    _kill(server, kind, tally)
                    if kind in ("server", "both"):
                        break
                tally.hear(server)
            tally.look(home)
        with served(home, "once") as server:
            server.process.wait(PATIENCE_S)
        _compare(home, expected, tally)
    return _findings(tally, n or N_KILLS)


def _findings(tally: Tally, n: int) -> list[Finding]:
    counts, n_kills = tally.counts, sum(tally.counts[kind] for kind in KINDS)
    said = ", ".join(f"{kind} {counts[kind]}" for kind in KINDS)
    nothing = ("lost runs", "lost epochs", "not resumable", "orphans", "missing epochs", "other than uninterrupted")
    slowest_s = max(tally.again_s, default=0.0)
    return [
        Finding("kills", f"{n_kills}: {said}", "as many as asked for", n_kills == n),
        Finding(
            "completed runs", str(counts["completed"]), f"at least {len(SPECS)}", counts["completed"] >= len(SPECS)
        ),
        *(Finding(what, str(counts[what]), "0", not counts[what]) for what in nothing),
        Finding("runs taken up by another worker", str(len(tally.again_s)), "more than 0", bool(tally.again_s), True),
        Finding("slowest of them, from ready", f"{slowest_s:.1f} s", f"{AGAIN_S} s", slowest_s <= AGAIN_S, True),
    ]


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        serve(Path(sys.argv[1]), is_once=sys.argv[2] == "once")
