"""The worker process: the only one that imports Keras, and there one thread makes every Keras call.

`python -m tl_core.engine.worker` reads JSON lines on standard input and writes JSON lines on standard output. It ends
when its input ends, so no worker outlives its server, however that ends.

In:  {"do": "train", "run_id", "owner", "spec", "is_resumed", "attempt"}, {"do": "stop", "run_id"},
     {"do": "pause", "run_id"}, {"do": "continue", "run_id"}, {"do": "step", "run_id"}: a paused run advances up to its
     next step,
     {"do": "classify", "request_id", "subject", "images": file of arrays}, {"do": "measure", "request_id", "spec"},
     {"do": "export", "request_id", "source", "format", "target"},
     {"do": "warm_up", "spec"}: makes ready for such a run when nothing else is to do;
     the last four are rows of `requests.REQUESTS`
     {"do": "renew", "said_s" or null, "seconds"}: a heartbeat was heard; who was told so ends when it is not again
Out: {"say": "ready", "device", "threads", "environment", "code"}, {"say": "events", "run_id", "events": […]},
     {"say": "ended", "run_id"}, {"say": "answer", "request_id", "value" or "error"},
     {"say": "heartbeat", "turn_s", "said_s"}: seconds that the present turn has lasted, 0 between turns; and when this
     was said, on the worker's clock
"""

import faulthandler
import gc
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from itertools import count

from tl_core.disk.home import data_home
from tl_core.engine.environment import ready
from tl_core.engine.executors.priority import give_way
from tl_core.engine.worker.lease import Lease
from tl_core.engine.worker.loop import Worker

HEARTBEAT_S = 2.0  # between two heartbeats
CHECK_S = 0.5  # between two looks at the lease


def _private_output() -> Callable[[dict], None]:
    """Keeps standard output for messages; whatever libraries print goes to standard error."""
    messages = os.fdopen(os.dup(1), "w", encoding="utf-8", buffering=1)
    os.dup2(2, 1)
    lock = threading.Lock()

    def say(message: dict) -> None:
        with lock:
            messages.write(json.dumps(message) + "\n")

    return say


def _read_input(worker: Worker, lease: Lease) -> None:
    try:
        for line in sys.stdin:
            message = json.loads(line)
            if message["do"] == "renew":
                lease.renew(message["said_s"], message["seconds"])
            else:
                worker.hear(message)
    finally:  # the server is gone, perhaps in the middle of a line; nothing here is worth keeping that is not on disk
        os._exit(0)


def _beat(worker: Worker, say: Callable[[dict], None], lease: Lease) -> None:
    """Says again and again that the process lives, whatever is being computed, and ends it with its lease."""
    for number in count(1):
        time.sleep(CHECK_S)
        lease.check()
        if number % round(HEARTBEAT_S / CHECK_S) == 0:
            say({"say": "heartbeat", "turn_s": round(worker.turn_s, 1), "said_s": time.monotonic()})


def main() -> None:
    from tl_core.engine.worker.device import device_name, prepare

    say = _private_output()
    faulthandler.enable()  # a crash below Python leaves the lines of all threads in the log
    give_way()
    home = data_home()
    prepare(home)
    lease = Lease()
    worker = Worker(home, say, may_write=lease.check)
    worker.interruption.install()
    threading.Thread(target=_read_input, args=(worker, lease), name="input", daemon=True).start()
    threading.Thread(target=_beat, args=(worker, say, lease), name="heartbeat", daemon=True).start()
    gc.collect()
    gc.freeze()  # what is loaded by now is never garbage: looking through it again and again takes time
    say(ready(device_name()))
    worker.serve()


if __name__ == "__main__":
    main()
