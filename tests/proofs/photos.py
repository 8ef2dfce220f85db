"""Thousands of phone photographs become a data set: how fast, with how much memory, and how quickly it can be ended.

The files are 12-megapixel JPEGs with the detail and the noise of real photographs, between 1 and 4 MB each: photographs
that come with the app, enlarged. Of each there are copies that differ in a comment, so that every file is read anew.
"""

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

from tests.proofs.finding import Finding
from tl_core.paths import ASSETS

N_PHOTOS, N_DIFFERENT = 5_000, 60
SIZE_PX = (4032, 3024)
PICTURES_S, PEAK_MB, CANCEL_S = 60.0, 600.0, 1.0
SAMPLES = ASSETS / "samples"


def prove(n: int | None) -> list[Finding]:
    """Imports a folder of photographs and measures it; `n` counts the photographs."""
    n = n or N_PHOTOS
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        root = Path(folder)
        photos = make_photos(root / "photos", n)
        seconds, peak_mb, row = imported(photos, root / "home")
        cancel_s, leftovers = cancelled(photos, root / "other home", after_s=min(2.0, seconds / 2))
    n_taken = sum(row[f"n_{split}"] for split in ("train", "validation", "test"))
    return [
        Finding("photographs taken in", f"{n_taken:,} of {n:,}", "all", n_taken == n),
        Finding(
            "speed", f"{n / seconds:.0f} pictures/s", f"≥ {PICTURES_S:.0f}", n / seconds >= PICTURES_S, is_speed=True
        ),
        Finding("peak memory", f"{peak_mb:.0f} MB", f"≤ {PEAK_MB:.0f} MB", peak_mb <= PEAK_MB),
        Finding("interrupted after", f"{cancel_s:.2f} s", f"≤ {CANCEL_S:.0f} s", cancel_s <= CANCEL_S, is_speed=True),
        Finding("left behind by the interruption", f"{leftovers} files", "0", leftovers == 0),
    ]


def make_photos(folder: Path, n: int, n_different: int = N_DIFFERENT) -> Path:
    """Writes n photographs in four classes; returns their folder."""
    bases = sorted(SAMPLES.glob("*.jpg"))
    chance, encoded = np.random.default_rng(0), []
    for number in range(min(n, n_different)):
        encoded.append(_photo(Image.open(bases[number % len(bases)]), chance, quality=(80, 85, 90, 95)[number % 4]))
    for number in range(n):
        data = encoded[number % len(encoded)]
        comment = f"{number:08d}".encode()
        path = folder / f"class {number % 4}" / f"IMG_{number:05d}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data[:2] + b"\xff\xfe\x00\x0a" + comment + data[2:])
    return folder


def _photo(image: Image.Image, chance: np.random.Generator, quality: int) -> bytes:
    """Returns an enlarged part of a photograph with the noise of a camera."""
    side = int(min(image.size) * chance.uniform(0.5, 1.0))
    left, top = (int(chance.integers(0, length - side + 1)) for length in image.size)
    part = image.convert("RGB").crop((left, top, left + side, top + side)).resize(SIZE_PX, Image.Resampling.BICUBIC)
    noise = chance.normal(0, 3, (SIZE_PX[1], SIZE_PX[0], 1)).astype(np.int16)
    pixels = np.clip(np.asarray(part, np.int16) + noise, 0, 255).astype(np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    return file.getvalue()


def imported(photos: Path, home: Path) -> tuple[float, float, dict]:
    """Imports a folder in a process of its own; returns seconds, peak memory in MB, and what was printed."""
    began_s = time.monotonic()
    process = _started(photos, home)
    output, _ = process.communicate()
    seconds, lines = time.monotonic() - began_s, output.splitlines()
    return seconds, int(lines[-1]) / 1000, json.loads(lines[0])


def _started(photos: Path, home: Path) -> subprocess.Popen:
    code = (
        "import pathlib, sys; from tl_core.__main__ import main; status = main(sys.argv[1:]); "
        "status_of = pathlib.Path('/proc/self/status').read_text(); "  # ru_maxrss counts what the parent process took
        "print(status_of.partition('VmHWM:')[2].split()[0]); sys.exit(status)"
    )
    command = [sys.executable, "-c", code, "import", str(photos), "--name", "photos", "--json"]
    return subprocess.Popen(command, env={**os.environ, "TL_HOME": str(home)}, stdout=subprocess.PIPE, text=True)


def cancelled(photos: Path, home: Path, after_s: float) -> tuple[float, int]:
    """Interrupts an import as Ctrl-C does; returns the seconds until it had ended, and the files that it left."""
    process = _started(photos, home)
    own = home / "datasets" / "own"
    while not list(own.glob(".draft-*/pack-*")):
        time.sleep(0.01)
    time.sleep(after_s)
    began_s = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.wait()
    return time.monotonic() - began_s, sum(path.is_file() and path.name != "opening" for path in own.rglob("*"))
