"""Measures parts in a process of their own: `python -m tl_core.bench.part a,c '{"repeat": 3}'` prints one JSON object.

A fresh process for each part: what one leaves in memory, or compiles, does not help or hinder the next.
"""

import importlib
import json
import os
import sys
from collections.abc import Mapping
from types import MappingProxyType

from tl_core.bench.settings import Settings
from tl_core.engine.worker.device import prepare

MODULES: Mapping[str, str] = MappingProxyType(
    {"a": "frozen", "b": "caching", "c": "folding", "d": "heads", "h": "growth", "j": "augmented"}
)


def measure(letters: list[str], settings: Settings) -> dict[str, list[dict]]:
    """Returns the rows of parts that need Keras, letter → rows."""
    prepare()
    modules = {letter: importlib.import_module(f"tl_core.bench.{MODULES[letter]}") for letter in letters}
    return {letter: module.measure(settings) for letter, module in modules.items()}


def main() -> None:
    results = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever libraries print is no result
    options = json.loads(sys.argv[2])
    settings = Settings(**options | {"backbones": tuple(options["backbones"])})
    print(json.dumps(measure(sys.argv[1].split(","), settings)), file=results, flush=True)


if __name__ == "__main__":
    main()
