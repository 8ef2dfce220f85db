"""(g) The most memory that a worker process ever held, from its start to the end of one run."""

from pathlib import Path

from tl_core.bench import live
from tl_core.bench.settings import Settings
from tl_core.bench.specs import spec_of
from tl_core.bench.timing import value
from tl_core.spec import RunSpec

FIGURE_GB = 1.3
DATASET, N_CLASSES = "cifar10-small", 10  # the bundled set with most pictures; enlarged to the network's size
PROC = Path("/proc")


def measure(settings: Settings) -> list[dict]:
    """Returns the peaks of a head-only and of an all-trainable run, each in a fresh worker; none without /proc."""
    if not PROC.is_dir():
        return []
    rows = []
    for cut, figure in (("all", FIGURE_GB), ("none", None)):
        spec = _spec(cut, settings)
        before, after = _peaks(spec)
        row = value(f"worker's peak, {cut} frozen", after / 1e9, "GB", at_most=figure)
        facts = {"ready_gb": before / 1e9, "n_images": settings.n_images, "image_size": spec.image_size}
        rows.append(row | facts | {"backbone": spec.backbone, "dataset": DATASET, "n_epochs": spec.epochs})
    return rows


def _spec(cut: str, settings: Settings) -> RunSpec:
    per_class = max(2, settings.n_images // N_CLASSES)
    n_epochs = 5 if cut == "all" else 1
    spec = spec_of(settings.backbones[0], cut, settings)
    return spec.with_changes(dataset=DATASET, per_class=per_class, epochs=n_epochs, batch_size=min(32, per_class * 5))


def _peaks(spec: RunSpec) -> tuple[float, float]:
    """Returns the peaks of a worker in bytes: when it is ready, and after one run."""
    with live.engine() as engine:
        (pid,) = engine.pids()
        before = peak_bytes(pid)
        live.wait_for_end(engine, live.submit(engine, spec))
        return before, peak_bytes(pid)


def peak_bytes(pid: int) -> int:
    """Returns the most memory that a process ever held, in bytes."""
    lines = (PROC / str(pid) / "status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) * 1024
