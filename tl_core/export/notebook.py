"""A run as a notebook: the same program as the script, a part a cell, with a sentence above each."""

import json
from collections.abc import Sequence
from pathlib import Path

from tl_core.export.formats import Exported, Source
from tl_core.export.package import write_package
from tl_core.export.program.assemble import imports, notes, pieces, settings, title
from tl_core.export.program.facts import Facts

NAME = "train.ipynb"
KERNEL = {"display_name": "Python 3", "language": "python", "name": "python3"}


def notebook_text(facts: Facts) -> str:
    """Returns the notebook of a run as JSON, nbformat 4.5."""
    cells = [_words("title", f"# {title(facts)}", *notes(facts))]
    cells.append(_code("imports", [*imports(facts), "", *settings(facts, "Path.cwd()")]))
    for number, piece in enumerate(pieces(facts), 1):
        cells.append(_words(f"about-{number}", f"## {number}. {piece.title}", piece.about))
        cells.append(_code(f"part-{number}", piece.lines))
    metadata = {"kernelspec": KERNEL, "language_info": {"name": "python"}}
    notebook = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"


def _words(id: str, *paragraphs: str) -> dict:
    return {"cell_type": "markdown", "id": id, "metadata": {}, "source": _lines("\n\n".join(paragraphs).split("\n"))}


def _code(id: str, lines: Sequence[str]) -> dict:
    empty = {"execution_count": None, "outputs": []}
    return {"cell_type": "code", "id": id, "metadata": {}, "source": _lines(lines), **empty}


def _lines(lines: Sequence[str]) -> list[str]:
    """Returns lines as a notebook keeps them: each but the last with its end."""
    return [f"{line}\n" for line in lines[:-1]] + [lines[-1]]


def write(source: Source, target: Path, *, language: str | None = None, has_pictures: bool | None = None) -> Exported:
    """Writes the notebook of a run as a ZIP, with all that it reads; as `script.write`."""
    write_package(source, target, NAME, notebook_text, language or source.language, has_pictures)
    return Exported(target, "notebook")
