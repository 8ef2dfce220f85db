"""The process that makes one file to take along: `python -m tl_core.engine.worker.export_process`.

It reads one JSON line on standard input, {"source", "format", "target"}, and writes one on standard output,
{"exported": …} or {"error": {"code", "values"}}. It ends when its input does, so it outlives no worker.
"""

import json
import os
import sys
import threading
from pathlib import Path

from tl_core.disk.home import data_home
from tl_core.errors import TransferLabError, WorkerError
from tl_core.export.cache import keep
from tl_core.export.formats import FORMATS, Source


def make(task: dict) -> dict:
    """Makes the file, and returns what is to be said."""
    try:
        source = Source.from_dict(task["source"], data_home())
        exported = FORMATS[task["format"]].write(source, Path(task["target"]))
        keep(exported)
        return {"exported": exported.to_dict()}
    except TransferLabError as error:
        return {"error": error.to_dict()}
    except Exception as error:  # whatever it was must reach the page as a sentence
        reason = f"{type(error).__name__}: {error}"[:300]
        return {"error": WorkerError("request_failed", reason=reason).to_dict()}


def _end_with_input() -> None:
    sys.stdin.read()
    os._exit(1)


def main() -> None:
    from tl_core.engine.worker.device import prepare

    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever libraries print goes to standard error
    task = json.loads(sys.stdin.readline())
    threading.Thread(target=_end_with_input, name="input", daemon=True).start()
    if FORMATS[task["format"]].needs_weights:
        prepare(data_home())
    answers.write(json.dumps(make(task)) + "\n")
    answers.flush()
    os._exit(0)  # the thread that waits for input would be waited for


if __name__ == "__main__":
    main()
