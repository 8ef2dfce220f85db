"""`python -m tl_core recipe`: a published program as a run in this process, mended unless asked otherwise."""

import argparse

from tl_core.commands.output import Output
from tl_core.commands.train import train_spec
from tl_core.disk.home import data_home
from tl_core.planning.recipes import recipe


def add_recipe_options(parser: argparse.ArgumentParser) -> None:
    """Adds the options of `recipe`."""
    parser.add_argument("id", metavar="ID")
    parser.add_argument("--variant")
    parser.add_argument("--dataset")


def run_recipe(options: argparse.Namespace, output: Output) -> int:
    """Trains a variant of a recipe, after saying what was mended.

    Returns:
        As `train`.
    """
    chosen = recipe(options.id)
    variant = options.variant or chosen.first
    spec = chosen.spec(variant, data_home(), options.dataset)
    _say_what_was_mended(chosen.id, [fault.code for fault in chosen.faults] if variant == chosen.first else [], output)
    return train_spec(spec, output)


def _say_what_was_mended(id: str, mended: list[str], output: Output) -> None:
    titles = [output.phrase(f"recipe_fault.{code}.title") for code in mended]
    if output.is_json:
        output.value({"event": "recipe", "id": id, "mended": titles})
    else:
        print(output.phrase(f"recipe.{id}.title"))
        for title in titles:
            print(f"  {title}")
