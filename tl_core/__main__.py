"""The command line: `python -m tl_core COMMAND` drives the same specs, engine and store as the pages."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from tl_core import phrases
from tl_core.commands.bench import add_bench_options, bench
from tl_core.commands.expect import add_expect_options, expect
from tl_core.commands.import_ import add_import_options, dataset_rows, import_pictures
from tl_core.commands.output import Output, complain
from tl_core.commands.train import add_train_options, train
from tl_core.disk.home import data_home
from tl_core.errors import InputError, TransferLabError
from tl_core.models.catalog import backbones
from tl_core.models.weights import weights_source
from tl_core.store.sqlite.store import SqliteStore

DONE, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, without the usage."""

    @property
    def named(self) -> str:
        """The options that there are."""
        return ", ".join(option for action in self._actions for option in action.option_strings)

    def error(self, message: str):
        raise InputError("command_line", reason=" ".join(message.split()))


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command.

    Returns:
        The exit status: 0 done, 1 a run failed, 2 bad input (one line on standard error), 130 interrupted.
    """
    language = "zh" if os.environ.get("LANG", "").startswith("zh") else "en"
    try:
        options = _parsed(arguments)
        return options.run(options, Output(options.json, language))
    except TransferLabError as error:
        complain(phrases.explain(error, language))
        return BAD_INPUT if isinstance(error, InputError) else FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # the reader has left; say nothing more  # noqa: SIM115
        return DONE


def _parsed(arguments: Sequence[str] | None) -> argparse.Namespace:
    options, unknown = _parser().parse_known_args(arguments)
    if unknown:
        options.parser.error(f"unrecognized arguments: {' '.join(unknown)} (choose from {options.parser.named})")
    return options


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m tl_core", description=phrases.phrase("en", "command.about"))
    commands = parser.add_subparsers(dest="command", required=True, parser_class=_Parser)

    def command(name: str, run: Callable) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=phrases.phrase("en", f"command.{name}"))
        made.add_argument("--json", action="store_true", help=phrases.phrase("en", "command.json"))
        made.set_defaults(run=run, parser=made)
        return made

    command("datasets", list_datasets)
    command("backbones", list_backbones)
    add_train_options(command("train", train))
    command("runs", list_runs)
    command("show", show).add_argument("id", metavar="RUN")
    asked = command("classify", classify)
    asked.add_argument("subject", metavar="RUN")
    asked.add_argument("images", metavar="IMAGE", nargs="+")
    add_import_options(command("import", import_pictures))
    add_bench_options(command("bench", bench))
    add_expect_options(command("expect", expect))
    commands.metavar = f"{{{','.join(commands.choices)}}}"
    return parser


def list_datasets(options: argparse.Namespace, output: Output) -> int:
    """Prints the datasets."""
    output.rows(dataset_rows(data_home(), output), ("id", "name", "n_train", "n_validation", "n_test", "available"))
    return DONE


def list_backbones(options: argparse.Namespace, output: Output) -> int:
    """Prints the backbones with their blocks."""
    rows = []
    for info in backbones().values():
        source = weights_source(info.id, data_home())
        blocks = [{"name": block.name, "n_layers": block.n_layers, "params": block.params} for block in info.blocks]
        weights = [
            {"id": "pretrained", "source": source, "available": source != "download"},
            {"id": "random", "source": "seed", "available": True},
        ]
        rows.append(
            {
                "id": info.id,
                "family": info.family,
                "params": info.params,
                "image_size": info.image_size,
                "blocks": blocks,
                "weights": weights,
                "n_blocks": len(blocks),
                "pretrained": source,
            }
        )
    output.rows(
        rows, ("id", "family", "params", "image_size", "n_blocks", "pretrained"), hidden=("n_blocks", "pretrained")
    )
    return DONE


def list_runs(options: argparse.Namespace, output: Output) -> int:
    """Prints all runs, newest first."""
    store = SqliteStore(data_home())
    try:
        rows = [
            record.to_dict() | {"dataset": record.spec.get("dataset"), "backbone": record.spec.get("backbone")}
            for record in store.list_runs()
        ]
    finally:
        store.close()
    output.rows(
        rows,
        ("id", "role", "state", "dataset", "backbone", "test_accuracy", "created_at"),
        hidden=("dataset", "backbone"),
    )
    return DONE


def show(options: argparse.Namespace, output: Output) -> int:
    """Prints one record with its spec, environment, epochs and scores."""
    store = SqliteStore(data_home())
    try:
        record = store.get(options.id)
        epochs = [epoch.to_dict() for epoch in store.epochs(record.id)]
    finally:
        store.close()
    if output.is_json:
        output.value(record.to_dict() | {"epochs": epochs})
    else:
        output.table(
            [
                {"field": name, "value": json.dumps(value, ensure_ascii=False)}
                for name, value in record.to_dict().items()
                if name not in ("scores", "proof")
            ],
            ("field", "value"),
        )
        output.table(epochs, ("epoch", "train_loss", "train_accuracy", "val_loss", "val_accuracy", "seconds"))
    return DONE


def classify(options: argparse.Namespace, output: Output) -> int:
    """Classifies picture files with a finished run, or with an untouched backbone."""
    from tl_core.commands.classify import classify_files

    rows = classify_files(options.subject, [Path(name) for name in options.images], output.language)
    if output.is_json:
        output.value(rows)
    else:
        output.predictions(rows)
    if any(row["error"] is None for row in rows):
        return DONE
    complain(rows[0]["error"])
    return BAD_INPUT


if __name__ == "__main__":
    sys.exit(main())
