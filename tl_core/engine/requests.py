"""What a page asks of the worker and waits for: predictions, and what a run would cost."""

from concurrent.futures import Future
from pathlib import Path

import numpy as np

from tl_core.engine.imports import uploads
from tl_core.engine.runs.estimates import Estimate, Estimates, Pending
from tl_core.engine.supervisor import Supervisor
from tl_core.engine.worker.requests import CLASSIFY
from tl_core.models.fetched_top import FetchedTop
from tl_core.spec import RunSpec
from tl_core.store.access import Visitor
from tl_core.store.store import RunStore


class Requests:
    """Short tasks of the worker; no method waits for one.

    Args:
        store: Where the runs are.
        home: The data folder.
        supervisor: Who passes requests on.
        estimates: What runs cost.

    Thread: any.
    """

    def __init__(self, store: RunStore, home: Path, supervisor: Supervisor, estimates: Estimates) -> None:
        self._store, self._home, self._supervisor, self._estimates = store, home, supervisor, estimates
        self._tops: dict[str, FetchedTop] = {}

    def classify(self, subject: str, images: list[np.ndarray], *, by: Visitor) -> Future[np.ndarray]:
        """Classifies pictures in the main worker, before its next slice of training.

        Args:
            subject: A finished run's id, or "backbone:<id>".
            images: uint8 (H, W, 3) each, as `decode_image` returns them.
            by: Who asks; anyone who may see a run may ask it.

        Returns:
            A future of float (n, classes), probabilities; it may raise any TransferLabError.

        Raises:
            UnknownIdError: "unknown_run".
            StoreError: "disk_full" or "home_not_writable".
        """
        if not subject.startswith("backbone:"):
            subject = self._store.find(subject, by=by).id
        path = uploads.write_arrays(self._home, images)
        future = self._supervisor.ask(CLASSIFY.message(subject=subject, images=str(path)))
        future.add_done_callback(lambda _: path.unlink(missing_ok=True))
        return future

    def fetch_top(self, backbone_id: str) -> FetchedTop:
        """Begins to download a backbone's ImageNet classifier, or returns what is known of a download that was begun.

        One that failed is begun anew. The server does it: a worker would let everybody's training wait.

        Raises:
            KeyError: Its classifier comes with the app.
        """
        with self._supervisor.lock:
            if backbone_id not in self._tops or self._tops[backbone_id].error is not None:
                self._tops[backbone_id] = FetchedTop(backbone_id, self._home)
            return self._tops[backbone_id]

    def fetched_top(self, backbone_id: str) -> FetchedTop | None:
        """Returns what is known of the download of a backbone's classifier; None where none was begun."""
        return self._tops.get(backbone_id)

    def estimate(self, spec: RunSpec) -> Estimate | Pending:
        """Returns what a run would cost with this machine to itself, or why that is not known (yet)."""
        with self._supervisor.lock:
            return self._estimates.of(spec)
