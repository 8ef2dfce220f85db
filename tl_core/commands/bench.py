"""`python -m tl_core bench`: how much faster than plain Keras this machine is, and how light the pages are."""

import argparse
from dataclasses import replace

from tl_core.bench.runner import PARTS, run
from tl_core.bench.settings import QUICK_IMAGES, Settings
from tl_core.commands.output import DONE, FAILED, Output
from tl_core.errors import InputError
from tl_core.models.catalog import backbone_info

COLUMNS = ("part", "name", "measured", "figure", "is_reached", "parts")


def add_bench_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `bench`."""
    parser.add_argument("--part", metavar="A,B", default=",".join(PARTS))
    parser.add_argument("--backbone", metavar="ID,ID")
    parser.add_argument("--images", type=int)
    parser.add_argument("--repeat", type=int)
    parser.add_argument("--quick", action="store_true")


def bench(options: argparse.Namespace, output: Output) -> int:
    """Measures the parts that were asked for and prints them.

    Returns:
        0, or 1 when a part could not be measured. A figure that is not reached is a result, not a failure.
    """
    parts = _parts(options.part)
    settings = _settings(options)
    found = run(parts, settings, lambda part: output.progress(output.phrase("command.bench_part", part=part)))
    output.clear_progress()
    if output.is_json:
        output.value(found)
    else:
        _print(found, output)
    return FAILED if any("error" in row for rows in found["parts"].values() for row in rows) else DONE


def _parts(text: str) -> list[str]:
    parts = sorted({part.strip() for part in text.split(",")})
    if unknown := [part for part in parts if part not in PARTS]:
        raise InputError("command_line", reason=f"--part: received {unknown[0][:20]!r}, allowed {', '.join(PARTS)}")
    return parts


def _settings(options: argparse.Namespace) -> Settings:
    settings = Settings.quick() if options.quick else Settings()
    for name, least in (("images", QUICK_IMAGES), ("repeat", 1)):
        number = getattr(options, name)
        if number is not None and number < least:
            raise InputError("command_line", reason=f"--{name}: received {number}, allowed {least} and more")
    changes = {"n_images": options.images, "repeat": options.repeat}
    if options.backbone:
        changes["backbones"] = tuple(backbone_info(name.strip()).id for name in options.backbone.split(","))
    return replace(settings, **{name: change for name, change in changes.items() if change is not None})


def _print(found: dict, output: Output) -> None:
    output.table([_shown(part, row) for part, rows in found["parts"].items() for row in rows], COLUMNS)
    for rows in found["parts"].values():
        for row in rows:
            if row.get("is_missing") == "chromium":
                print(output.phrase("command.bench_no_browser"))


def _shown(part: str, row: dict) -> dict:
    """Returns a row as people read it: the number with its unit, the figure, and what was divided."""
    low, high = row.get("at_least"), row.get("at_most")
    measured = f"×{row['ratio']:.3g}" if "ratio" in row else _number(row.get("value"), row.get("unit", ""))
    return {
        "part": part,
        "name": row["name"],
        "measured": row.get("error") or measured,
        "figure": f"≥ {low:g}" if low is not None else f"≤ {high:g}" if high is not None else None,
        "is_reached": row.get("is_reached"),
        "parts": " ÷ ".join(f"{name} {seconds:.4g} s" for name, seconds in row["seconds"].items())
        if "ratio" in row
        else None,
    }


def _number(value: float | None, unit: str) -> str | None:
    return None if value is None else f"{value:.3g} {unit}".strip()
