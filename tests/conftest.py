"""Set before anything imports Keras: every test's files go into a temporary folder, nothing is downloaded."""

import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# the same examples each time, however slow the machine; --hypothesis-profile=default looks for others
settings.load_profile("ci")

_SESSION = tempfile.TemporaryDirectory(prefix="transfer-lab-tests-")
os.environ.update(
    TL_HOME=str(Path(_SESSION.name) / "home"),
    KERAS_HOME=str(Path(_SESSION.name) / "keras"),
    KERAS_BACKEND="tensorflow",
    TF_CPP_MIN_LOG_LEVEL="3",
    LANG="C.UTF-8",
)
warnings.filterwarnings("ignore", category=DeprecationWarning, module=r"(tensorflow|keras|google|flatbuffers)\b")


@pytest.fixture(autouse=True)
def main_module() -> Iterator[None]:
    """Puts back what `AppTest` leaves in the place of the main module: processes that are spawned begin with it."""
    before = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = before


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    """An empty data folder of the test's own."""
    monkeypatch.setenv("TL_HOME", str(tmp_path))
    return tmp_path


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Runs the quick tests first, then the slow ones, and the browser last."""
    items.sort(key=lambda item: (bool(item.get_closest_marker("browser")), bool(item.get_closest_marker("slow"))))
