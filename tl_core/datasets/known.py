"""Every data set there is: those of the catalogue, and visitors' own albums in the data folder."""

from pathlib import Path

from tl_core.datasets import keras_sets
from tl_core.datasets.catalog import DATASETS, DatasetInfo
from tl_core.datasets.own.album import ABOUT, is_own, own_folder, read_info
from tl_core.errors import UnknownIdError


def known_dataset(id: str, home: Path | None = None) -> DatasetInfo:
    """Returns what is known of a data set before any picture is read.

    Args:
        id: Of the catalogue, or of an album.
        home: The data folder; without it there is only the catalogue.

    Raises:
        UnknownIdError: "unknown_dataset", with the id received and the catalogue's ids.
        UnavailableError: "dataset_damaged", of an album.
    """
    if id in DATASETS:
        return DATASETS[id]
    if home is not None and is_own(id) and own_folder(home, id).is_dir():
        return read_info(own_folder(home, id))
    raise UnknownIdError("unknown_dataset", received=str(id)[:80], allowed=list(DATASETS))


def is_here(id: str, home: Path) -> bool:
    """Says whether a data set can be used without a download."""
    if is_own(id):
        return (own_folder(home, id) / ABOUT).is_file()
    return keras_sets.is_available(id, home)
