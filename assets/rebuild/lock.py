"""Writes requirements.lock and requirements-dev.lock: the packages of this `.venv`, with the hashes of their archives.

`make lock` runs it, on the kind of machine that a lock is used on: Linux on x86-64, Python 3.11, no NVIDIA GPU. What
the `.venv` has was tested; pip only says which archive that is for this machine, and with which SHA-256.
"""

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEAD = """# {what}, as it was tested. `make lock` writes this file; `make` uses it where the archives fit.
"""
PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check")


def archives(constraints: str, *requirements: Path) -> dict[str, str]:
    """Returns {"name==version": SHA-256 of the archive} of everything that requirements need on this machine."""
    wanted = "".join(file.read_text(encoding="utf-8") for file in requirements)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "constraints").write_text(constraints)
        (folder / "wanted").write_text(wanted.replace("\ntensorflow>", "\ntensorflow-cpu>"))
        options = ("-c", folder / "constraints", "-r", folder / "wanted", "--report", folder / "report")
        subprocess.run([*PIP, "install", "--quiet", "--dry-run", "--ignore-installed", *options], check=True)
        report = json.loads((folder / "report").read_bytes())
    return {
        _pin(one["metadata"]): one["download_info"]["archive_info"]["hashes"]["sha256"] for one in report["install"]
    }


def _pin(metadata: dict) -> str:
    return f"{re.sub('[-_.]+', '-', metadata['name']).lower()}=={metadata['version']}"


def main() -> None:
    tested = subprocess.run([*PIP, "freeze"], check=True, capture_output=True, text=True).stdout
    app, dev = ROOT / "requirements.txt", ROOT / "requirements-dev.txt"
    needed = archives(tested, app)
    more = {name: sha for name, sha in archives(tested, app, dev).items() if name not in needed}
    for file, what, rows in ((app, "What the app needs", needed), (dev, "What the tests need as well", more)):
        lines = (f"{name} --hash=sha256:{sha}\n" for name, sha in sorted(rows.items()))
        file.with_suffix(".lock").write_text(HEAD.format(what=what) + "".join(lines))


if __name__ == "__main__":
    main()
