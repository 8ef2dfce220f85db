"""`python -m tl_core export`: a finished run as a file to take along, checked before it is there."""

import argparse
import os
from dataclasses import asdict
from pathlib import Path

from tl_core.commands.output import DONE, Output
from tl_core.disk.home import data_home
from tl_core.engine.worker.device import prepare
from tl_core.errors import InputError
from tl_core.export.formats import FORMATS, Exported, Format, Source
from tl_core.store.sqlite.store import SqliteStore


def add_export_options(parser: argparse.ArgumentParser) -> None:
    """Declares the options of `export`."""
    parser.add_argument("id", metavar="RUN")
    parser.add_argument("--format", required=True, choices=list(FORMATS))
    parser.add_argument("-o", dest="target", metavar="PATH", required=True, type=Path)


def export(options: argparse.Namespace, output: Output) -> int:
    """Writes a finished run as a file, in this process."""
    format, target = FORMATS[options.format], options.target.absolute()
    with SqliteStore(data_home()) as store:
        source = Source.of(store, store.get(options.id), data_home(), output.language)
    format.check(source.record)
    target = checked(target, format)
    output.progress(output.phrase("command.export_progress", format=format.name))
    if format.needs_weights:  # then Keras is needed, which takes seconds to import
        prepare(data_home())
    with output.writing(target):
        exported = format.write(source, target)
    _print(exported, output)
    return DONE


def checked(target: Path, format: Format) -> Path:
    """Returns where to write: a folder gets a file of the format's name.

    Raises:
        InputError: "export_exists", or "export_target": nothing can be written there.
    """
    if target.is_dir():
        target /= f"{format.name}{format.ending}"
    if target.exists():
        raise InputError("export_exists", path=str(target))
    if not target.parent.is_dir():
        raise InputError("export_target", path=str(target), reason=os.strerror(2))
    if not os.access(target.parent, os.W_OK | os.X_OK):
        raise InputError("export_target", path=str(target), reason=os.strerror(13))
    return target


def _print(exported: Exported, output: Output) -> None:
    parity = exported.parity
    if output.is_json:
        told = exported.to_dict()
        told["parity"] = parity and {name: value for name, value in asdict(parity).items() if name != "versions"}
        output.value(told)
        return
    print(output.phrase("command.exported", path=exported.path, format=exported.format))
    if parity is not None:
        difference = f"{parity.max_abs_difference:.1e}"
        print(output.phrase("command.exported_parity", n=parity.n_images, difference=difference))
        if parity.n_exact:
            rounding = f"{parity.rounding:.1e}"
            print(output.phrase("command.exported_exact", n=parity.n_exact, rounding=rounding))
