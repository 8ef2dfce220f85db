"""(e) and (f): what visitors of the pages wait for. Programs of the pages measure it, in processes of their own."""

import json
import subprocess
import sys
from statistics import median

from tl_core.bench.settings import Settings
from tl_core.bench.timing import value
from tl_core.paths import PROJECT

LIMIT_S = 1200.0
P50_S, P95_S, KEPT, CURVE_S = 0.060, 0.250, 0.80, 3.0
MOST_CLICKS = 9
MOST_TURNS = 2  # of four windows each
MOST = 30  # sessions, for which the figures are set
PER_CLASS, QUICK_PER_CLASS = 100, 5  # of ten classes; fewer than a batch cannot be trained


def latency(settings: Settings) -> list[dict]:
    """Returns how long pages take to answer while a run trains, and how much of its speed the training keeps."""
    options = ["--seconds", "20", "--repeat", str(min(settings.repeat, MOST_TURNS))]
    measured = _program(
        "polling", *(["--sessions", "1,2", "--seconds", "3", "--repeat", "1"] if settings.is_quick else options)
    )
    alone, *visited = measured["rows"]
    rows = []
    for row in visited:
        is_most = row["sessions"] == MOST
        name = f"{row['sessions']} sessions"
        facts = {key: row[key] for key in ("polls", "dropped", "server_cpu_per_poll_s", "server_cpu_share")}
        rows.append(value(f"{name} p50", row["p50_s"], "s", at_most=P50_S if is_most else None) | facts)
        rows.append(value(f"{name} p95", row["p95_s"], "s", at_most=P95_S if is_most else None) | facts)
        both = alone["epoch_s"], row["epoch_s"]
        kept = both[0] / both[1] if None not in both else None
        seconds = {"alone": both[0], "visited": both[1]}
        rows.append(value(f"{name} training kept", kept, "", at_least=KEPT if is_most else None) | {"seconds": seconds})
    return [*rows, value("server's peak", measured["server_peak_gb"], "GB")]


def clicks(settings: Settings) -> list[dict]:
    """Returns the seconds from a click to the first point and to the finished curve.

    Without Chromium there is one row, and it says so: {"is_missing": "chromium"}.
    """
    per_class, repeat = (QUICK_PER_CLASS, 1) if settings.is_quick else (PER_CLASS, min(settings.repeat, MOST_CLICKS))
    measured = _program("clicks", "--per-class", str(per_class), "--repeat", str(repeat))
    if "is_missing" in measured:
        return [{"name": "clicks", "is_missing": measured["is_missing"]}]
    warm = [run["curve_s"] for run in measured["warm"]]
    first = [run["first_point_s"] for run in measured["warm"]]
    facts = {"n_images": per_class * 10, "n_epochs": 10, "dataset": "cifar10-small", "backbone": "mobilenet_v2"}
    rows = [
        value("click to first point, nothing cached", measured["cold"]["first_point_s"], "s"),
        value("click to first point, features cached", median(first), "s") | {"samples": first},
        value("click to finished curve, features cached", median(warm), "s", at_most=CURVE_S) | {"samples": warm},
    ]
    return [row | facts for row in rows]


def _program(name: str, *options: str) -> dict:
    """Runs a program of the pages; returns what it printed.

    Raises:
        RuntimeError: It failed; with its status and the last line that it said.
    """
    command = [sys.executable, "-m", f"pages.measures.{name}", *options]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            said, complaint = process.communicate(timeout=LIMIT_S)
        finally:
            process.terminate()  # not killed: it has a server to end
    if process.returncode:
        raise RuntimeError(f"{name}: status {process.returncode}, {complaint.strip().rpartition(chr(10))[2][:300]}")
    return json.loads(said)
