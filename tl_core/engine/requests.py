"""What a page asks of the worker and waits for: predictions, and what a run would cost."""

from collections.abc import Sequence
from concurrent.futures import Future
from contextlib import suppress
from pathlib import Path

import numpy as np

from tl_core.engine.imports import uploads
from tl_core.engine.runs.estimates import Estimate, Estimates, Pending
from tl_core.engine.supervisor import Supervisor
from tl_core.engine.worker.requests import CLASSIFY, EVALUATE, EXPLAIN_AHEAD, EXPLAIN_PICTURE, UNLIKE
from tl_core.errors import InputError, StoreError
from tl_core.evaluation.insight.parts import part_of
from tl_core.evaluation.split_scores import keep_scores, kept_scores
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
        seen = self._seen(subject, by)
        path = uploads.write_arrays(self._home, images)
        return self._ask_of(path, CLASSIFY.message(subject=seen, images=str(path)))

    def explain(self, subject: str, image: np.ndarray, *, by: Visitor, **parameters: object) -> Future[dict]:
        """Explains what a network says of a picture, in the main worker, before its next slice of training.

        Args:
            subject: A finished run's id, or "backbone:<id>".
            image: uint8 (H, W, 3), as `decode_image` returns it.
            by: Who asks; anyone who may see a run may ask it.
            **parameters: Of `explanations.Explain`.

        Returns:
            A future of what `explanations.told` returns; it may raise any TransferLabError.

        Raises:
            UnknownIdError: "unknown_run".
            InputError, SpecError: As `Part.checked`.
            StoreError: "disk_full" or "home_not_writable".
        """
        chosen, seen = part_of("explain").checked(1, parameters), self._seen(subject, by)
        path = uploads.write_arrays(self._home, [image])
        return self._ask_of(path, EXPLAIN_PICTURE.message(subject=seen, images=str(path), parameters=chosen))

    def explain_ahead(self, subjects: Sequence[str], *, by: Visitor) -> None:
        """Has the worker build what explains networks as soon as it has nothing else to do; nobody waits for it.

        Args:
            subjects: As for `explain`.
            by: Who will ask.

        Raises:
            UnknownIdError: "unknown_run".
        """
        self._supervisor.ask(EXPLAIN_AHEAD.message(subjects=[self._seen(subject, by) for subject in subjects]))

    def unlike(self, run_id: str, images: list[np.ndarray], k: int, *, by: Visitor) -> Future[list[float]]:
        """Measures how far pictures are from all that a run was trained on, as `evaluation.insight.unlike` does.

        Args:
            run_id: The run.
            images: uint8 (H, W, 3) each, as `decode_image` returns them.
            k: As in `NoveltyChoice`.
            by: Who asks; anyone who may see a run may ask it.

        Returns:
            A future of the distances; it may raise any TransferLabError.

        Raises:
            UnknownIdError: "unknown_run".
            StoreError: "disk_full" or "home_not_writable".
        """
        record = self._store.find(run_id, by=by)
        path = uploads.write_arrays(self._home, images)
        return self._ask_of(path, UNLIKE.message(subject=record.id, spec=record.spec, images=str(path), k=k))

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

    def evaluate(self, run_id: str, split: str, *, by: Visitor) -> Future[dict]:
        """Scores a finished run on a split, unless that was done before.

        Args:
            run_id: The run.
            split: One of `split_scores.SPLITS`.
            by: Who asks; anyone who may see a run may ask it.

        Returns:
            A future of what `evaluation.scores.score` returns; it may raise any TransferLabError.

        Raises:
            UnknownIdError: "unknown_run".
            InputError: "run_without_weights".
        """
        record = self._store.find(run_id, by=by)
        if record.best_epoch is None:
            raise InputError("run_without_weights", run=record.id, state=record.state.value)
        known = self.known_scores(record.id, by=by)
        if split in known:
            done: Future[dict] = Future()
            done.set_result(known[split])
            return done
        message = EVALUATE.message(subject=record.id, spec=record.spec, split=split)
        future = self._supervisor.ask(message)
        folder = self._store.run_folder(record.id)

        def keep(answered: Future) -> None:
            with suppress(StoreError):  # on a full disk it is computed again
                if not answered.cancelled() and answered.exception() is None:
                    keep_scores(folder, record.ended_at, split, answered.result())

        future.add_done_callback(keep)
        return future

    def known_scores(self, run_id: str, *, by: Visitor) -> dict[str, dict]:
        """Returns split → scores, of those splits that a finished run was scored on before.

        Raises:
            UnknownIdError: "unknown_run".
        """
        record = self._store.find(run_id, by=by)
        own = {"test": record.scores} if record.scores else {}
        return kept_scores(self._store.run_folder(record.id), record.ended_at) | own

    def estimate(self, spec: RunSpec) -> Estimate | Pending:
        """Returns what a run would cost with this machine to itself, or why that is not known (yet)."""
        with self._supervisor.lock:
            return self._estimates.of(spec)

    def _seen(self, subject: str, by: Visitor) -> str:
        """Returns the full name of a network that a visitor may ask."""
        return subject if subject.startswith("backbone:") else self._store.find(subject, by=by).id

    def _ask_of(self, path: Path, message: dict) -> Future:
        """Sends a message about a file of pictures, which is gone after the answer."""
        future = self._supervisor.ask(message)
        future.add_done_callback(lambda _: path.unlink(missing_ok=True))
        return future
