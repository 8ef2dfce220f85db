"""`python -m tl_core insight`: what a finished run, or several, can be asked, answered in this process."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

from tl_core.commands.output import DONE, Output
from tl_core.disk.home import data_home
from tl_core.engine.worker.device import prepare
from tl_core.errors import InputError, StoreError
from tl_core.evaluation.insight import answers
from tl_core.evaluation.insight.outputs import load_outputs
from tl_core.evaluation.insight.parts import PARTS, Judged, Part, part_of
from tl_core.store.records import RunRecord
from tl_core.store.run_dataset import run_classes
from tl_core.store.sqlite.store import SqliteStore


def add_insight_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `insight`."""
    parser.add_argument("id", metavar="RUN")
    parser.add_argument("--part", default="errors")
    parser.add_argument("--with", dest="others", metavar="RUN", action="append", default=[])
    parser.add_argument("--set", dest="chosen", metavar="NAME=VALUE", action="append", default=[])


def insight(options: argparse.Namespace, output: Output) -> int:
    """Prints the answer of a part; what a network is needed for is computed once.

    Raises:
        InputError: No such run, part or parameter, or a run that has left no weights.
    """
    part, home = part_of(options.part), data_home()
    with SqliteStore(home) as store:
        records = [_found(store, run_id) for run_id in (options.id, *options.others)]
        folders = [store.run_folder(record.id) for record in records]
    parameters = part.checked(len(records), _chosen(options.chosen))
    answer = _answer(part, records, folders, parameters, home, output)
    if output.is_json:
        output.value({"runs": [record.id for record in records], "part": part.name} | parameters | answer)
    else:
        _print(answer, part, output)
    return DONE


def _found(store: SqliteStore, id: str) -> RunRecord:
    record = store.get(id)
    if record.best_epoch is None:
        raise InputError("run_without_weights", run=record.id, state=record.state.value)
    return record


def _chosen(texts: Sequence[str]) -> dict[str, str]:
    """Returns parameters as a person typed them; one without a value has an empty one."""
    return {name: value for name, _, value in (text.partition("=") for text in texts)}


def _answer(
    part: Part,
    records: Sequence[RunRecord],
    folders: Sequence[Path],
    parameters: Mapping[str, object],
    home: Path,
    output: Output,
) -> dict:
    if part.is_computed:
        return _computed(part, records, parameters, home, output)
    judged = []
    for record, folder in zip(records, folders, strict=True):
        if load_outputs(folder) is None:
            _computed(PARTS["outputs"], [record], {}, home, output)
        outputs = load_outputs(folder)
        if outputs is None:
            raise StoreError("file_damaged", path="outputs.safetensors")
        judged.append(Judged(record.id, run_classes(record, home), outputs))
    return part.answer(judged, parameters)


def _computed(
    part: Part, records: Sequence[RunRecord], parameters: Mapping[str, object], home: Path, output: Output
) -> dict:
    path = answers.place(home, part, records, parameters)
    known = None if part.leaves_file else answers.kept(path)
    if known is None:
        known = _compute(part, records, parameters, home, output)
        if not part.leaves_file:
            answers.keep(path, known)
    return known


def _compute(
    part: Part, records: Sequence[RunRecord], parameters: Mapping[str, object], home: Path, output: Output
) -> dict:
    prepare(home)
    from tl_core.engine.worker.kept import Kept
    from tl_core.engine.worker.requests import INSIGHTS

    runs = [{"id": record.id, "spec": record.spec} for record in records]
    request = INSIGHTS[part.name]
    task = request.begin(Kept.empty(home), request.message(runs=runs, parameters=parameters))
    said = output.phrase("command.insight_computing", part=part.name)
    while True:
        try:
            progress = next(task)
        except StopIteration as end:
            output.clear_progress()
            return end.value
        output.progress(said, progress.done / progress.total if progress and progress.total else None)


def _print(answer: Mapping[str, object], part: Part, output: Output) -> None:
    """Prints the plain numbers of an answer, then its rows as a table."""
    for name, value in answer.items():
        if isinstance(value, int | float | str) or value is None:
            print(f"{name}: {value:.4f}" if isinstance(value, float) else f"{name}: {'–' if value is None else value}")
    rows, columns = part.columns
    if rows:
        output.table(answer[rows], columns)  # pyright: ignore[reportArgumentType]
