"""An import as people see it: where it stands, how far it is, and what came of it."""

from dataclasses import dataclass
from enum import StrEnum

from tl_core.store.albums import AlbumRecord


class ImportState(StrEnum):
    """Where an import stands. WAITING → RUNNING → one of the others; ASKING → WAITING once it is answered."""

    WAITING = "waiting"  #: Others come first.
    RUNNING = "running"  #: Its process reads pictures.
    ASKING = "asking"  #: A person has to choose how its folders are to be understood.
    DONE = "done"  #: The album is there.
    FAILED = "failed"  #: It could not be; `error` says why. Nothing was kept.
    CANCELLED = "cancelled"  #: A person ended it. Nothing was kept.

    @property
    def is_finished(self) -> bool:
        return self not in (ImportState.WAITING, ImportState.RUNNING, ImportState.ASKING)

    @property
    def is_under_way(self) -> bool:
        return self in (ImportState.WAITING, ImportState.RUNNING)


@dataclass(frozen=True)
class ImportSnapshot:
    """An import as it is now.

    Attributes:
        id: 32 hexadecimal digits.
        owner: Whose it is.
        name: What the data set will be called.
        state: Where it stands.
        done: Files read so far.
        total: Files in all; None while that is not known.
        left_s: Seconds until it will be done, by its own pace; None while that is not known.
        album: What came of it.
        error: Why it failed, {"code", "values"}.
        readings: While it is ASKING, what one may choose from, as `ingest.question.question_of` says it.
    """

    id: str
    owner: str
    name: str
    state: ImportState = ImportState.WAITING
    done: int = 0
    total: int | None = None
    left_s: float | None = None
    album: AlbumRecord | None = None
    error: dict | None = None
    readings: tuple[dict, ...] = ()
