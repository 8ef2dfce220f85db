"""How soon an answer is explained: one picture by one network and by three, warm; and the first time.

Each network is its pretrained backbone under a head that has learned nothing: that takes as long. Beside the time on
the clock stands that of the processor, which other programs on the machine do not lengthen.
"""

import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from tests.proofs.finding import Finding
from tl_core.engine.worker.device import prepare

N_PICTURES, SIDE_PX = 20, 160
ONE_S, THREE_S, FIRST_S = 0.1, 0.4, 1.0


def prove(n: int | None) -> list[Finding]:
    """Explains `n` pictures in each way."""
    n_pictures = n or N_PICTURES
    prepare()
    with TemporaryDirectory() as folder:
        return _measured(Path(folder), n_pictures)


def _measured(home: Path, n: int) -> list[Finding]:
    from tl_core.engine.worker.kept import Kept
    from tl_core.models.weights import BUNDLED

    kept, found = Kept.empty(home), []
    for backbone in BUNDLED:
        runs = [_untrained(home, backbone, number) for number in range(3 if backbone == "mobilenet_v2" else 1)]
        for run in runs:
            kept.models.trained(run["id"])  # who asks why has an answer already, and sees the pictures
            kept.warm.dataset(str(run["spec"]["dataset"]), home)
        first = _timed(lambda at, runs=runs: _explain(kept, runs[:1], at), 1)
        found.append(_finding(f"{backbone}, the first map of a network", first, FIRST_S))
        one = _timed(lambda at, runs=runs: _explain(kept, runs[:1], at), n)
        found.append(_finding(f"{backbone}, one map", one, ONE_S))
        if len(runs) > 1:
            _explain(kept, runs, 0)
            three = _timed(lambda at, runs=runs: _explain(kept, runs, at), n)
            found.append(_finding(f"{backbone}, three maps side by side", three, THREE_S))
        kept.models.clear()
    return found


def _untrained(home: Path, backbone: str, seed: int) -> dict:
    from tl_core.models.build import build
    from tl_core.models.catalog import backbone_info
    from tl_core.models.trained import save_trained
    from tl_core.spec import RunSpec

    n_frozen = backbone_info(backbone).n_blocks
    spec = RunSpec(backbone=backbone, image_size=SIDE_PX, n_frozen=n_frozen, seed=seed)
    folder = home / "runs" / f"{backbone}-{seed}"
    folder.mkdir(parents=True)
    save_trained(folder, build(spec, 14).suffix, spec, 14)
    return {"id": folder.name, "spec": spec.to_dict()}


def _explain(kept: object, runs: list[dict], at: int) -> None:
    from tl_core.engine.worker.requests import INSIGHTS
    from tl_core.evaluation.insight.parts import part_of

    parameters = part_of("explain").checked(len(runs), {"image": at})
    message = INSIGHTS["explain"].message(runs=runs, parameters=parameters)
    for _ in INSIGHTS["explain"].begin(kept, message):
        pass


def _timed(explain: Callable[[int], None], n: int) -> tuple[float, float]:
    """Returns the median of the clock's seconds and of the processor's."""
    walls, computed = [], []
    for at in range(n):
        wall_s, cpu_s = time.perf_counter(), time.process_time()
        explain(at)
        walls.append(time.perf_counter() - wall_s)
        computed.append(time.process_time() - cpu_s)
    return median(walls), median(computed)


def _finding(what: str, times: tuple[float, float], required_s: float) -> Finding:
    wall_s, cpu_s = times
    found = f"{wall_s * 1000:.0f} ms, {cpu_s * 1000:.0f} ms of the processor"
    return Finding(what, found, f"≤ {required_s * 1000:.0f} ms", wall_s <= required_s, is_speed=True)
