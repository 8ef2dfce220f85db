"""How the command line prints: JSON for programs, tables and a progress line for people."""

import json
import sys
from collections.abc import Sequence

from tl_core.phrases import phrase

DONE, FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130  # exit statuses

BAR_WIDTH = 28


class Output:
    """Prints the result of a command.

    Args:
        is_json: Machine-readable output on standard output and nothing else there.
        language: "en" or "zh", for what people read.
    """

    def __init__(self, is_json: bool, language: str) -> None:
        self.is_json, self.language = is_json, language

    def phrase(self, key: str, **values: object) -> str:
        return phrase(self.language, key, **values)

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
        cells = [[_cell(row.get(name)) for name in columns] for row in rows]
        widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
        for line in (list(columns), *cells):
            print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())

    def predictions(self, rows: Sequence[dict]) -> None:
        """Prints the classes of each picture with bars, or why it has none."""
        for row in rows:
            print(row["image"].encode(errors="replace").decode())
            for prediction in row["predictions"][:5]:
                share = prediction["probability"]
                print(f"  {share:6.1%} {'█' * round(share * BAR_WIDTH):{BAR_WIDTH}} {prediction['class']}")
            if row["error"]:
                print(f"  {row['error']}")

    def progress(self, text: str, share: float | None = None) -> None:
        """Overwrites the progress line on standard error; silent when that is not a terminal."""
        if sys.stderr.isatty():
            filled = round((share or 0) * BAR_WIDTH)
            bar = f"[{'█' * filled}{'·' * (BAR_WIDTH - filled)}] " if share is not None else ""
            print(f"\r\x1b[K{bar}{text}", end="", file=sys.stderr, flush=True)

    def clear_progress(self) -> None:
        if sys.stderr.isatty():
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def complain(sentence: str) -> None:
    """Prints one line on standard error, whatever line breaks somebody has put into a name."""
    print(" ".join(sentence.split()), file=sys.stderr)


def _cell(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4f}" if isinstance(value, float) else str(value)
