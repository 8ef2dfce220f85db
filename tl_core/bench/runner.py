"""Runs the parts of a benchmark one after the other, and puts what they measured into one object."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from types import MappingProxyType

from tl_core.bench import memory, pairs, stops, visits
from tl_core.bench.part import MODULES
from tl_core.bench.settings import Settings
from tl_core.bench.visits import PROJECT
from tl_core.engine.environment import environment

LIMIT_S = 1800.0
# what a part of the light ones consists of; the others need Keras, and each gets a process of its own
LIGHT: Mapping[str, tuple[Callable[[Settings], list[dict]], ...]] = MappingProxyType(
    {
        "e": (visits.latency,),
        "f": (visits.clicks, stops.measure),
        "g": (memory.measure,),
        "i": (pairs.measure,),
    }
)
PARTS = tuple(sorted([*MODULES, *LIGHT]))


def run(parts: Sequence[str], settings: Settings, on_part: Callable[[str], None] = lambda part: None) -> dict:
    """Measures parts.

    Args:
        parts: Some of `PARTS`.
        settings: Sizes.
        on_part: Called with each part before it begins.

    Returns:
        {"machine", "settings", "parts": {part: rows}, "seconds"}. A part that fails has one row with "error".
    """
    began_s, measured = time.perf_counter(), {}
    for group in _groups(parts, settings):
        on_part(",".join(group))
        try:
            measured |= _measure(group, settings)
        except (RuntimeError, TimeoutError, OSError, ValueError, subprocess.SubprocessError) as error:
            measured |= {part: [{"name": part, "error": f"{type(error).__name__}: {error}"[:300]}] for part in group}
    return {
        "machine": machine(),
        "settings": asdict(settings),
        "parts": {part: measured[part] for part in sorted(measured)},
        "seconds": time.perf_counter() - began_s,
    }


def _groups(parts: Sequence[str], settings: Settings) -> list[list[str]]:
    """Returns which parts share a process: none, but in the quick benchmark, where starting it would take longest."""
    heavy = [part for part in parts if part in MODULES]
    light = [[part] for part in parts if part in LIGHT]
    return ([heavy] if heavy and settings.is_quick else [[part] for part in heavy]) + light


def _measure(group: list[str], settings: Settings) -> dict[str, list[dict]]:
    if group[0] in LIGHT:
        return {group[0]: [row for measure in LIGHT[group[0]] for row in measure(settings)]}
    command = [sys.executable, "-m", "tl_core.bench.part", ",".join(group), json.dumps(asdict(settings))]
    done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True, timeout=LIMIT_S)
    if done.returncode:
        raise RuntimeError(done.stderr.strip().rpartition("\n")[2])
    return json.loads(done.stdout)


def machine() -> dict:
    """Returns what the figures depend on: processor, threads, versions, memory, and how busy the machine was before."""
    facts = environment()
    if hasattr(os, "getloadavg"):
        facts["load"] = os.getloadavg()[0]
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        facts["memory_gb"] = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1e9
    return facts
