"""What all visitors share: the engine, and pictures that never change."""

import base64
import io
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import streamlit as st
from PIL import Image

from tl_core import download
from tl_core.datasets.arrays import class_counts, thumbnails
from tl_core.datasets.catalog import dataset_info
from tl_core.datasets.images import fit_image
from tl_core.engine.singleton import doorkeeper, engine
from tl_core.store.home import data_home

__all__ = ["SAMPLES", "doorkeeper", "engine", "is_reachable", "sample_files", "sample_strip"]

THUMBNAIL_PX = 96  # twice what the strip shows, for sharp screens
SAMPLES = Path(__file__).resolve().parents[2] / "assets" / "samples"


@st.cache_data(ttl=60, max_entries=32, show_spinner=False)
def is_reachable(address: str) -> bool:
    """Returns whether a download could begin now; asked at most once a minute for all visitors."""
    return download.is_reachable(address)


@dataclass(frozen=True)
class ClassSample:
    """One class on the strip: its name in the dataset, its training pictures, one of them as a data address."""

    name: str
    n_train: int
    address: str


@st.cache_data(max_entries=32, show_spinner=False)
def sample_strip(dataset_id: str) -> list[ClassSample]:
    """Returns one training picture of each class; empty when the dataset is not on this machine."""
    home = data_home()
    classes, counts = dataset_info(dataset_id).classes, class_counts(dataset_id, home)
    return [
        ClassSample(classes[label], counts[label], _data_address(pixels))
        for label, pixels in thumbnails(dataset_id, home, 1, 3)
    ]


def _data_address(pixels: np.ndarray) -> str:
    """Returns a small JPEG inside an address, so that a strip of pictures is one element of the page."""
    file = io.BytesIO()
    Image.fromarray(fit_image(pixels, min(THUMBNAIL_PX, pixels.shape[0]))).save(file, "JPEG", quality=85)
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode()


@st.cache_data(show_spinner=False)
def sample_files() -> list[str]:
    """Returns the names of the bundled sample photographs: fruit first, then what no fruit network has ever seen."""
    return sorted(
        (path.name for path in SAMPLES.glob("*.jpg")), key=lambda name: (name.startswith(("cat", "espresso")), name)
    )
