"""The command line: `python -m tl_core COMMAND` drives the same specs, engine and store as the pages."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from contextlib import closing

from tl_core import phrases
from tl_core.commands.admit import add_admit_options, admit
from tl_core.commands.backup import add_backup_options, add_restore_options, restore_backup, write_backup
from tl_core.commands.bench import add_bench_options, bench
from tl_core.commands.classify import classify
from tl_core.commands.evaluate import add_evaluate_options, evaluate
from tl_core.commands.expect import add_expect_options, expect
from tl_core.commands.export import add_export_options, export
from tl_core.commands.import_ import add_import_options, import_pictures
from tl_core.commands.insight import add_insight_options, insight
from tl_core.commands.listing import list_backbones, list_datasets, list_runs, show
from tl_core.commands.output import BAD_INPUT, DONE, FAILED, INTERRUPTED, Output, complain
from tl_core.commands.recipe import add_recipe_options, run_recipe
from tl_core.commands.sweep import add_sweep_options, sweep
from tl_core.commands.train import add_train_options, train
from tl_core.disk.home import OTHERS
from tl_core.errors import InputError, TransferLabError


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
        options = _parse(arguments)
        with closing(Output(options.json, language)) as output:
            return options.run(options, output)
    except TransferLabError as error:
        complain(phrases.explain(error, language))
        return BAD_INPUT if isinstance(error, InputError) else FAILED
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # the reader has left; say nothing more  # noqa: SIM115
        return DONE


def _parse(arguments: Sequence[str] | None) -> argparse.Namespace:
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
    add_recipe_options(command("recipe", run_recipe))
    add_sweep_options(command("sweep", sweep))
    command("runs", list_runs)
    command("show", show).add_argument("id", metavar="RUN")
    asked = command("classify", classify)
    asked.add_argument("subject", metavar="RUN")
    asked.add_argument("images", metavar="IMAGE", nargs="+")
    add_evaluate_options(command("evaluate", evaluate))
    add_insight_options(command("insight", insight))
    add_export_options(command("export", export))
    add_import_options(command("import", import_pictures))
    add_admit_options(command("admit", admit))
    add_backup_options(command("backup", write_backup))
    add_restore_options(command("restore", restore_backup))
    add_bench_options(command("bench", bench))
    add_expect_options(command("expect", expect))
    commands.metavar = f"{{{','.join(commands.choices)}}}"
    return parser


if __name__ == "__main__":
    os.umask(OTHERS)
    sys.exit(main())
