"""How the command line prints: JSON for programs, tables and a progress line for people."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

from tl_core.errors import InputError, StoreError
from tl_core.phrases import phrase

DONE, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130  # exit statuses

BAR_WIDTH = 28
AS_WIDE_AS_NEEDED = 10_000  # a terminal breaks a line where it must; a pipe never does


class Output:
    """Prints the result of a command.

    Args:
        is_json: Machine-readable output on standard output and nothing else there.
        language: "en" or "zh", for what people read.
    """

    def __init__(self, is_json: bool, language: str) -> None:
        self.is_json, self.language = is_json, language
        self._bar = Progress(
            BarColumn(BAR_WIDTH),
            TextColumn("{task.description}", markup=False),
            TimeRemainingColumn(compact=True),
            console=Console(stderr=True),
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            disable=not sys.stderr.isatty(),
        )

    def phrase(self, key: str, **values: object) -> str:
        return phrase(self.language, key, **values)

    @contextmanager
    def writing(self, target: Path) -> Iterator[None]:
        """Shows no progress any more once the block is over, and tells a refusal of a file's place from the others.

        Raises:
            InputError: "export_target": that place cannot be written to.
        """
        try:
            yield
        except StoreError as error:
            if error.code == "home_not_writable":  # it is not the data folder that refused
                raise InputError("export_target", path=str(target), reason=error.values["reason"]) from error
            raise
        finally:
            self.clear_progress()

    def value(self, value: object) -> None:
        """Prints one JSON value on a line of its own; in ASCII, so that any terminal and any file name will do."""
        print(json.dumps(value, allow_nan=False), flush=True)

    def rows(self, rows: Sequence[dict], columns: Sequence[str], hidden: Sequence[str] = ()) -> None:
        """Prints rows: all fields but the hidden ones as JSON, or the chosen columns as a table."""
        if self.is_json:
            self.value([{name: value for name, value in row.items() if name not in hidden} for row in rows])
        else:
            self.table(rows, columns)

    def table(self, rows: Sequence[dict], columns: Sequence[str]) -> None:
        """Prints a table for people."""
        table = Table(*columns, box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for row in rows:
            table.add_row(*(Text(_cell(row.get(name))) for name in columns))
        console = Console(width=AS_WIDE_AS_NEEDED)
        with console.capture() as printed:
            console.print(table)
        print("\n".join(line.rstrip() for line in printed.get().splitlines()))

    def predictions(self, rows: Sequence[dict]) -> None:
        """Prints the classes of each picture with bars, or why it has none."""
        for row in rows:
            print(row["image"].encode(errors="replace").decode())
            for prediction in row["predictions"][:5]:
                share = prediction["probability"]
                print(f"  {share:6.1%} {'█' * round(share * BAR_WIDTH):{BAR_WIDTH}} {prediction['class']}")
            for told in filter(None, (row["error"], *row["notes"])):
                print(f"  {told}")

    def progress(self, text: str, share: float | None = None) -> None:
        """Overwrites the progress line on standard error, with the time left where a share is known; only a terminal
        sees it.
        """
        self._bar.start()
        before = self._bar.tasks
        if share is not None and before and before[0].total and before[0].completed <= share:
            self._bar.update(before[0].id, description=text, completed=share)
        else:  # something else has begun: its pace is not known yet
            self._bar.add_task(text, total=None if share is None else 1, completed=share or 0)  # pyright: ignore[reportArgumentType]
            for task in before:
                self._bar.remove_task(task.id)

    def clear_progress(self) -> None:
        """Takes the progress line away; it comes again with the next `progress`."""
        self._bar.stop()

    close = clear_progress


def complain(sentence: str) -> None:
    """Prints one line on standard error, whatever line breaks somebody has put into a name."""
    print(" ".join(sentence.split()), file=sys.stderr)


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4f}" if isinstance(value, float) else str(value)
