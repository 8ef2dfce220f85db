"""The program that trains a run's network without this app: as text to read, and as a ZIP with all that it reads."""

import tempfile
from pathlib import Path

from tl_core.datasets.known import is_here
from tl_core.datasets.own.album import is_own
from tl_core.errors import UnknownIdError
from tl_core.export import notebook, script
from tl_core.export.formats import Source
from tl_core.export.program.facts import Facts, facts_of
from tl_core.store.access import Visitor
from tl_core.store.albums import Albums
from tl_core.store.store import RunStore

WRITERS = {"script": script.write, "notebook": notebook.write}


class Programs:
    """Programs of finished runs; they are text, so no worker is asked.

    Args:
        store: Where the runs are.
        home: The data folder.
        albums: The data sets of visitors' own.

    Thread: any.
    """

    def __init__(self, store: RunStore, home: Path, albums: Albums) -> None:
        self._store, self._home, self._albums = store, home, albums

    def facts(self, run_id: str, *, by: Visitor, language: str) -> Facts:
        """Returns what a run's program is written from.

        Raises:
            UnknownIdError: "unknown_run", "unknown_dataset" or "unknown_backbone".
            InputError: "code_active", "code_elsewhere", "code_start" or "code_fault".
        """
        record = self._store.find(run_id, by=by)
        has_pictures = self.may_have_pictures(str(record.spec.get("dataset")), by)
        return facts_of(record, self._home, language, has_pictures=has_pictures)

    def package(self, run_id: str, kind: str, *, by: Visitor, language: str) -> bytes:
        """Returns a program as a ZIP; somebody's own pictures are in it where the visitor may see them.

        Args:
            run_id: The run.
            kind: "script" or "notebook".
            by: Who asks.
            language: Of the comments.

        Raises:
            TransferLabError: As `export.script.write`; "unknown_run".
        """
        record = self._store.find(run_id, by=by)
        source = Source(record, self._store.run_folder(record.id), self._home)
        has_pictures = self.may_have_pictures(str(record.spec.get("dataset")), by)
        with tempfile.TemporaryDirectory(prefix="transfer-lab-") as folder:
            target = Path(folder) / "program.zip"
            WRITERS[kind](source, target, language=language, has_pictures=has_pictures)
            return target.read_bytes()

    def has_data(self, dataset: str) -> bool:
        """Says whether the data of a run are still here, so that there can be a ZIP."""
        return is_here(dataset, self._home)

    def may_have_pictures(self, dataset: str, by: Visitor) -> bool:
        """Says whether a visitor may take along the pictures of a run: those of an album only who may look at it."""
        if not is_own(dataset):
            return True
        try:
            return self._albums.find(dataset, by=by).id == dataset
        except UnknownIdError:
            return False
