"""Runs on workers that this process has not started itself, and where these are."""

from pathlib import Path

from patience import until

from tl_core.engine.service import Engine
from tl_core.planning.plan import plan_run
from tl_core.store.access import OPERATOR

LONG = {"dataset": "mnist-small", "backbone": "squeezenet", "image_size": 32, "per_class": 20, "batch_size": 20}
LONG |= {"weights": "random", "optimizer": "sgd", "learning_rate": 0.003, "epochs": 500, "threads": 1}  # for minutes


def workers_of(home: Path) -> list[int]:
    """Returns the processes of one-thread workers for a data folder, wherever they hang."""
    found, wanted = [], (f"TL_HOME={home}\0".encode(), b"TL_THREADS=1\0")
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            environment, command = path.read_bytes(), path.with_name("cmdline").read_bytes()
        except OSError:
            continue
        if all(part in environment for part in wanted) and b"-m\0tl_core.engine.worker\0" in command:
            found.append(int(path.parent.name))
    return sorted(found)


def begun(engine: Engine, epochs: int = 500) -> str:
    """Has a run trained on a one-thread worker; returns it once it has some epochs."""
    spec = plan_run(LONG).with_changes(epochs=epochs)
    run_id = engine.runs.submit(spec, by=OPERATOR, name="far away").id
    until("some epochs", lambda: len(engine.store.epochs(run_id)) > 2)
    return run_id
