"""Makes a file to take along, in a process of its own: converters compute for long without a pause, and others wait."""

import json
import subprocess
import sys
import time
from collections.abc import Generator

from tl_core.engine.environment import worker_environment
from tl_core.engine.worker.kept import Kept
from tl_core.errors import WorkerError

LOOK_S = 0.02  # between two looks at whether it is done; others compute meanwhile


def run(kept: Kept, *, source: dict, format: str, target: str) -> Generator[None, None, dict]:
    """Makes a file.

    Args:
        kept: What the worker keeps.
        source: A run, as `Source.to_dict` tells of it.
        format: A key of `FORMATS`.
        target: Where to write.

    Yields:
        None again and again while it waits.

    Returns:
        As `Exported.to_dict`.

    Raises:
        WorkerError: What made it fail, with the code that it had there; "request_failed" where its process died.
    """
    command = [sys.executable, "-m", "tl_core.engine.worker.export_process"]
    environment = worker_environment(kept.home)
    process = subprocess.Popen(
        command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    )
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(json.dumps({"source": source, "format": format, "target": target}) + "\n")
        process.stdin.flush()
        while process.poll() is None:
            yield None
            time.sleep(LOOK_S)
        said = process.stdout.read().splitlines()
    finally:  # it ends with its input, should it still be there
        process.kill()
        process.communicate()
    answer = json.loads(said[-1]) if said else {"error": _death(process.returncode)}
    if "error" in answer:
        raise WorkerError(answer["error"]["code"], **answer["error"]["values"])
    return answer["exported"]


def _death(status: int) -> dict:
    return WorkerError("worker_died", status=status).to_dict()
