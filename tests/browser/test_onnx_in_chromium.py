"""An exported network in a browser: onnxruntime-web opens the ONNX file and says what the run says."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, Route, expect

from assets.rebuild.registry import fetch_npm, member
from tests.export.finished_runs import TINY, members, trained
from tl_core.engine.worker.device import prepare
from tl_core.export.formats import FORMATS
from tl_core.models.catalog import backbone_info
from tl_core.models.weights import BUNDLED

pytestmark = [pytest.mark.browser, pytest.mark.full]

ADDRESS = "http://localhost:9/"  # nothing listens there: the test answers itself
RUNTIME = ("ort.wasm.min.js", "ort-wasm-simd-threaded.mjs", "ort-wasm-simd-threaded.wasm")
KINDS = {".html": "text/html", ".js": "text/javascript", ".mjs": "text/javascript", ".wasm": "application/wasm"}


@pytest.mark.skipif(bool(FORMATS["onnx"].missing) or not shutil.which("npm"), reason="make export; npm")
@pytest.mark.parametrize("backbone", BUNDLED)
def test_the_onnx_file_says_the_same_in_a_browser(backbone, page: Page, home: Path):
    prepare(home)
    from tl_core.export.network import loaded, probabilities
    from tl_core.export.pictures import check_pictures

    n_frozen = len(backbone_info(backbone).blocks)
    source = trained(home, TINY.with_changes(dataset="groceries", backbone=backbone, image_size=96, n_frozen=n_frozen))
    inside = members(FORMATS["onnx"].write(source, home / "net.zip").path)
    full, side = loaded(source.folder)
    images, _ = check_pictures("groceries", side, home)
    archive = fetch_npm("onnxruntime-web", "1.30.0")
    files = {name: member(archive, f"package/dist/{name}") for name in RUNTIME}
    files |= {"model.onnx": inside["model.onnx"], "pictures.bin": images.tobytes()}
    files |= {"shape.json": json.dumps(images.shape).encode()}
    files |= {"onnx_page.html": Path(__file__).with_name("onnx_page.html").read_bytes()}

    def answer(route: Route) -> None:
        name = route.request.url.removeprefix(ADDRESS)
        kind = KINDS.get(Path(name).suffix, "application/octet-stream")
        route.fulfill(body=files[name], content_type=kind) if name in files else route.fulfill(status=404)

    page.route(f"{ADDRESS}**", answer)
    page.goto(f"{ADDRESS}onnx_page.html")
    expect(page.locator("#answer")).to_have_text("answered")
    said = np.array(page.evaluate("window.answer")).reshape(len(images), -1)
    difference = float(np.abs(said - probabilities(full, images)).max())
    print(f"{backbone} in Chromium: {difference:.1e}")
    assert difference <= 1e-5
