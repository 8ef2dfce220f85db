"""Pictures that are made from something else when they are read, as a tree of files."""

from collections.abc import Callable, Iterable, Sequence
from typing import BinaryIO

from tl_core.datasets.own.class_names import clean_class_name
from tl_core.datasets.own.splits import SPLITS, UNKNOWN
from tl_core.errors import InputError
from tl_core.ingest.trees import MAX_FILES, Source


class Made(Source):
    """A tree of pictures of which each is made when it is read.

    Args:
        paths: Of the pictures, in their order.
        make: Returns the content of the picture with that number. Thread: any, also several at once.
        opened: Files to be closed at the end.
    """

    def __init__(self, paths: Sequence[str], make: Callable[[int], bytes], opened: Iterable[BinaryIO] = ()) -> None:
        self._numbers = {path: number for number, path in enumerate(paths)}
        self._make, self._opened = make, tuple(opened)
        self.files, self.folders, self.unread = tuple(sorted(self._numbers)), (), ()

    def read(self, file: str) -> bytes:
        return self._make(self._numbers[file])

    def close(self) -> None:
        for file in self._opened:
            file.close()


def made_path(number: int, split: int, name: str | None, ending: str = "png") -> str:
    """Returns the path of a made picture: `split/class/number`, so that folders say what the container said.

    Args:
        number: Its place in the container.
        split: `UNKNOWN` for none.
        name: Its class; None where it has none.
        ending: Of its name.
    """
    folders = [SPLITS[split]] if split != UNKNOWN else []
    folders += [clean_class_name(name).replace("/", "-")] if name is not None else []
    return "/".join([*folders, f"{number:06d}.{ending}"])


def check_number(n_files: int) -> None:
    """Refuses more pictures than an import may have.

    Raises:
        InputError: "import_entries".
    """
    if n_files > MAX_FILES:
        raise InputError("import_entries", received=f"{n_files:,}", allowed=MAX_FILES)
