"""Where the app itself lies: the only place that counts folders."""

from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
ASSETS = PROJECT / "assets"
