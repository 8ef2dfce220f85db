"""A program in a ZIP with all that it reads: pictures, classes, the order of each epoch, weights, and their sources."""

import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file

from tl_core.datasets.own.album import is_own
from tl_core.errors import UnavailableError
from tl_core.export.archive import write_zip
from tl_core.export.formats import Source
from tl_core.export.pictures import Pictures, pictures_of
from tl_core.export.program.assemble import ID_DIGITS, differences, title
from tl_core.export.program.facts import Facts, facts_of
from tl_core.export.program.network import BESIDE
from tl_core.export.summary import summary_text
from tl_core.models.layer_table import layer_table, layers_of
from tl_core.models.weights import WEIGHTS_FOLDER
from tl_core.paths import PROJECT
from tl_core.store.albums import Albums
from tl_core.store.records import RunRecord, Visibility

_WIDER = (Visibility.PRIVATE, Visibility.LINK, Visibility.CLASS)
_PACKAGES = ("keras", "tensorflow", "tensorflow-cpu", "numpy")


def write_package(
    source: Source,
    target: Path,
    name: str,
    text: Callable[[Facts], str],
    language: str,
    has_pictures: bool | None,
) -> None:
    """Writes a program and its files.

    Args:
        source: The run.
        target: The ZIP.
        name: What the program is called in it.
        text: Writes the program.
        language: Of the comments.
        has_pictures: As for `script.write`.

    Raises:
        TransferLabError: As `script.write` says; then there is no file.
    """
    if has_pictures is None:
        has_pictures = may_go_along(source.record, source.home)
    facts = facts_of(source.record, source.home, language, has_pictures=has_pictures)
    pictures = pictures_of(facts.spec, source.home)
    write_zip(target, _files(facts, pictures, name, text(facts)))


def may_go_along(record: RunRecord, home: Path) -> bool:
    """Says whether everybody who may see a run may have its pictures, too.

    Those of the catalogue are everybody's. An album is shared apart from the runs on it, so its pictures go along where
    the run's owner has it and shows it to no fewer people than the run.
    """
    id = str(record.spec.get("dataset"))
    if not is_own(id):
        return True
    entry = Albums(home).entry_of(id, record.owner)
    return entry is not None and _WIDER.index(entry.visibility) >= _WIDER.index(record.visibility)


def _files(facts: Facts, pictures: Pictures, name: str, text: str) -> Iterator[tuple[str, bytes]]:
    yield name, text.encode()
    yield "README.txt", _readme(facts, name).encode()
    yield "requirements.txt", "".join(f"{line}\n" for line in requirements(facts)).encode()
    yield "summary.txt", summary_text(layer_table(facts.spec, len(facts.data.classes)), facts.language).encode()
    yield "classes.txt", "\n".join(pictures.info.classes).encode()
    order = pictures.order(facts.spec)
    yield "order.csv", "".join(",".join(map(str, row)) + "\n" for row in order.tolist()).encode()
    if facts.spec.backbone in BESIDE:
        module = f"{BESIDE[facts.spec.backbone][0]}.py"
        yield module, (PROJECT / "tl_core" / "models" / module).read_bytes()
    if facts.brings_weights:
        yield f"{facts.spec.backbone}.npz", weights_file(facts.spec.backbone)
    rows = []
    for at, number in enumerate(pictures.numbers.tolist()):
        data = pictures.encoded(number) if facts.has_pictures else None
        rows.append(pictures.row(at, data))
        if data is not None:
            yield rows[-1][0], data
    yield "pictures.csv", _table([["file", "split", "class"], *rows])


def _table(rows: list[list[str]]) -> bytes:
    file = io.StringIO(newline="")
    csv.writer(file, lineterminator="\n").writerows(rows)
    return file.getvalue().encode()


def weights_file(backbone: str) -> bytes:
    """Returns the weights of a bundled backbone without its classifier, an array "layer/weight" each, as they are kept.

    Raises:
        UnavailableError: "weights_unavailable".
    """
    wanted = {layer.name for layer in layers_of(backbone)}
    try:
        arrays = load_file(WEIGHTS_FOLDER / f"{backbone}.safetensors")
    except (OSError, SafetensorError) as error:
        raise UnavailableError("weights_unavailable", backbone=backbone, reason=str(error)) from error
    kept = {name: array for name, array in arrays.items() if name.rpartition("/")[0] in wanted}
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **kept)
    return file.getvalue()


def requirements(facts: Facts) -> list[str]:
    """Returns the packages that a run was trained with, in the versions that it was trained with."""
    versions = facts.record.environment.get("versions", {})
    known = {f"{name.removesuffix('-cpu')}=={versions[name]}": None for name in _PACKAGES if name in versions}
    return [
        *(known or ["keras>=3.15", "tensorflow", "numpy"]),
        "pillow",
        *(["scikit-learn"] if facts.is_fitted else []),
    ]


def _readme(facts: Facts, name: str) -> str:
    """Returns a line a file, and where the pictures and weights come from."""
    lines = [title(facts), "", facts.say("readme", program=name, run=facts.record.id[:ID_DIGITS]), *differences(facts)]
    if facts.data.source:
        lines += ["", facts.say("readme_data", source=facts.data.source, licence=facts.data.licence)]
    if facts.brings_weights:
        lines += ["", facts.say("readme_weights", paper=facts.backbone.reference)]
    return "\n".join(lines) + "\n"
