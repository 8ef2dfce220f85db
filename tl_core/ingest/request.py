"""What somebody wants to be taken in, and what came of its files so far."""

from dataclasses import dataclass, field

from tl_core.datasets.own.looks import Signature
from tl_core.errors import InputError
from tl_core.ingest.packs import Packed
from tl_core.ingest.sources import printable_path
from tl_core.store.albums import AlbumRecord
from tl_core.store.records import Visibility


@dataclass(frozen=True)
class ImportRequest:
    """What somebody wants to be taken in.

    Attributes:
        name: What the data set will be called.
        owner: Whose it will be.
        source: What it is made from, for people: a file's or folder's name.
        visibility: Who may see it beside the owner.
        seed: Of the split.
        can_flip: Whether a mirrored picture still shows its class.
        into: The album that the pictures are added to; None makes a new one.
        class_name: The class of all pictures; None reads classes off the folders.
        most_bytes: Size that the album may take; None is no limit.
        layout: Which of the readings of the tree is taken, from 1; 0 the first, also where one would rather ask; None
            where only a clear one may be taken without a question.
        groups: What belongs together and stays in one split: "folders" below a class, files with the same "names" but
            for a number at the end, or "none"; None leaves it to the reading.
        framing: How pictures become squares, as in `Preparation`; those that are added to an album follow it.
    """

    name: str
    owner: str
    source: str = ""
    visibility: Visibility = Visibility.PRIVATE
    seed: int = 0
    can_flip: bool = True
    into: AlbumRecord | None = None
    class_name: str | None = None
    most_bytes: int | None = None
    layout: int | None = None
    groups: str | None = None
    framing: str = "crop"


@dataclass
class Taken:
    """What has been taken in so far."""

    pictures: list[Packed] = field(default_factory=list)
    skipped: list[dict] = field(default_factory=list)
    looks: dict[str, Signature] = field(default_factory=dict)
    known: set[tuple[str, str]] = field(default_factory=set)  # identity and class of what the album has already

    def leave_out(self, file: str, error: InputError) -> None:
        """Notes a file that is not taken in, and why."""
        values = {name: value for name, value in error.values.items() if name != "file"}
        self.skipped.append({"file": printable_path(file), "code": error.code, "values": values})
