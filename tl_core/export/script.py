"""A run as a program: one Keras 3 script, readable from top to bottom, with all that it needs beside it."""

from pathlib import Path

from tl_core.export.formats import Exported, Source
from tl_core.export.package import write_package
from tl_core.export.program.assemble import imports, notes, pieces, settings, title
from tl_core.export.program.facts import Facts
from tl_core.export.program.pieces import Piece, broken, comment

NAME = "train.py"


def script_text(facts: Facts) -> str:
    """Returns the program of a run as `ruff format` would leave it."""
    lines = [*_head(facts), "", *imports(facts), "", *settings(facts, "Path(__file__).resolve().parent")]
    for number, piece in enumerate(pieces(facts), 1):
        before = 2 if _ends_in_function(lines) or _begins_with_function(piece) else 1
        lines += [*[""] * before, *_rule(number, piece)]
        lines += [*([""] * 2 if _begins_with_function(piece) else []), *piece.lines]
    return "\n".join(lines) + "\n"


def _head(facts: Facts) -> list[str]:
    about = [line for note in notes(facts) for line in ["", *broken(note)]]
    return [f'"""{title(facts)}', *about, '"""']


def _rule(number: int, piece: Piece) -> list[str]:
    return [f"# ---- {number}. {piece.title} ----", "#", *comment(piece.about)]


def _begins_with_function(piece: Piece) -> bool:
    return piece.lines[0].startswith("def ")


def _ends_in_function(lines: list[str]) -> bool:
    last = next(line for line in reversed(lines) if not line.startswith("    ") or line == "")
    return last.startswith("def ")


def write(source: Source, target: Path, *, language: str | None = None, has_pictures: bool | None = None) -> Exported:
    """Writes the script of a run as a ZIP, with all that it reads; nothing here loads Keras.

    Args:
        source: The run.
        target: The ZIP.
        language: Of the comments; None: that of `source`.
        has_pictures: Whether pictures of somebody's own go along; None: as `package.may_go_along` says.

    Raises:
        InputError: "code_active", "code_elsewhere", "code_start" or "code_fault".
        UnknownIdError: "unknown_dataset": its data are gone.
        UnavailableError: Data or weights are damaged or not here.
        StoreError: The disk refuses.
    """
    write_package(source, target, NAME, script_text, language or source.language, has_pictures)
    return Exported(target, "script")
