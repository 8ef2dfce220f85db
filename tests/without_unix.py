"""A plugin that takes away what Windows lacks, once all tests are loaded: `make check ARGS="-p tests.without_unix"`.

The locks of the operating system stay as they are here; on Windows they are others.
"""

import os
import signal

ONLY_UNIX = ("pread", "pwrite", "nice", "sysconf", "sched_getaffinity", "getuid", "geteuid", "fchmod")


def pytest_collection_finish() -> None:
    for name in ONLY_UNIX:
        if hasattr(os, name):
            delattr(os, name)
    del signal.SIGHUP
