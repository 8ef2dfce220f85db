"""Pictures of one's own on every way in, looked at, put in order and trained on, in a real browser."""

import io
import re
import zipfile
from pathlib import Path

import pytest
from patience import until, wait_for
from PIL import Image
from playwright.sync_api import Page, expect
from real_server import Server

from pages.measures.clicks import IDLE
from tl_core.datasets.arrays import load_dataset
from tl_core.phrases import phrase

pytestmark = [pytest.mark.browser, pytest.mark.slow]

CLASSES = {"苹果": 5, "梨": 0, "橙子": 8}  # name → label in the bundled fruit
TILES = ".tl-gallery button"


@pytest.fixture(scope="module")
def photos(tmp_path_factory) -> dict[str, list[bytes]]:
    """Twelve photographs of each of three fruits, as JPEG files."""
    fruit = load_dataset("groceries", tmp_path_factory.mktemp("home"))
    found = {}
    for name, label in CLASSES.items():
        chosen = [fruit.pixels[at] for at in range(len(fruit.labels)) if fruit.labels[at] == label][:12]
        found[name] = [_jpeg(pixels) for pixels in chosen]
    return found


def _jpeg(pixels, size: int | None = None, quality: int = 92) -> bytes:
    file, image = io.BytesIO(), Image.fromarray(pixels)
    (image.resize((size, size)) if size else image).save(file, "JPEG", quality=quality)
    return file.getvalue()


@pytest.fixture(scope="module")
def tree(photos, tmp_path_factory) -> Path:
    """A folder of class folders, with a file that is no picture."""
    root = tmp_path_factory.mktemp("brought") / "fruit"
    for name, files in photos.items():
        (root / name).mkdir(parents=True)
        for number, data in enumerate(files):
            (root / name / f"{number}.jpg").write_bytes(data)
    (root / "梨" / "notes.jpg").write_bytes(b"no picture at all")
    return root


@pytest.fixture(scope="module")
def archive(tree, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("zips") / "fruit.zip"
    with zipfile.ZipFile(path, "w") as made:
        for file in sorted(tree.rglob("*.jpg")):
            made.write(file, file.relative_to(tree.parent))
    return path


@pytest.fixture(scope="module")
def lab(tree, tmp_path_factory) -> Server:
    """A server whose operator allows imports from the folder above the tree."""
    started = Server(tmp_path_factory.mktemp("server"), TL_IMPORT_FOLDER=str(tree.parent)).wait()
    yield started
    started.stop()


def said(key: str, **values: object) -> str:
    return phrase("en", key, **values)


def open_data(page: Page, lab: Server, way: str) -> None:
    """Opens the page and one of the ways in."""
    page.goto(f"{lab.url}/data?lang=en")
    page.locator(TILES).first.wait_for()
    page.locator(".st-key-data-bring summary").click()
    choose_way(page, way)


def choose_way(page: Page, way: str) -> None:
    page.get_by_role("radio", name=said(f"data.way_{way}"), exact=True).click()
    expect(page.get_by_text(said(f"data.way_{way}_about"))).to_be_visible()


def take_in(page: Page, name: str) -> None:
    field = page.get_by_label(said("data.name"), exact=True)
    field.fill(name)
    field.press("Enter")
    page.locator(IDLE).wait_for()  # the button moves while the page takes in the name: a click would miss it
    page.get_by_role("button", name=said("data.take_in"), exact=True).click()


def head(page: Page, name: str):
    return page.get_by_role("heading", name=name, exact=True)


def open_part(page: Page, part: str) -> None:
    page.get_by_role("radio", name=said(f"data.part_{part}"), exact=True).click()


def choose_class(page: Page, name: str) -> None:
    """Names the class that pictures go into, once the page is drawn: an addition before it brings other fields."""
    page.locator(IDLE).wait_for()
    field = page.get_by_role("combobox", name=said("data.class"), exact=True).first
    field.fill(name)
    field.press("Enter")
    expect(field).to_have_value(name)
    page.locator(IDLE).wait_for()


def open_first_name(page: Page):
    """Opens the name of the first class for writing; again as long as the chart above still moves the table."""
    page.get_by_role("button", name=said("data.save_classes")).scroll_into_view_if_needed()
    table = page.get_by_test_id("stDataFrame").locator("canvas").first
    field = page.locator("#portal textarea, #portal input").first

    def is_open() -> bool:
        page.locator(IDLE).wait_for()
        box = table.bounding_box()
        page.mouse.click(box["x"] + box["width"] * 0.30, box["y"] + 35 * 1.5)
        page.keyboard.press("Enter")
        page.wait_for_timeout(500)  # it opens in a moment, or the click has missed it
        return field.count() > 0

    until("the name of the first class opens", is_open)
    return field


KEEP_STREAMS = """window.streams = []; const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
navigator.mediaDevices.getUserMedia = async (wanted) => { streams.push(await open(wanted)); return streams.at(-1); };"""


def hold_camera(page: Page, n_photos: int) -> None:
    """Holds the camera's button until so many pictures are taken, then lets go."""
    button = page.get_by_role("button", name=said("camera.take"))
    expect(button).to_be_enabled()
    wait_for(page, "() => document.querySelector('.tl-camera video')?.readyState === 4")
    button.hover()
    page.mouse.down()
    counted = page.locator(".tl-camera [role=status]")
    until(f"{n_photos} pictures are taken", lambda: int(counted.inner_text() or 0) >= n_photos)
    page.mouse.up()


def test_a_zip_is_taken_in_looked_at_put_in_order_and_trained_on(lab, page, archive):
    open_data(page, lab, "zip")
    page.locator("input[type=file]").first.set_input_files(archive)
    take_in(page, "水果 <b>one</b>")
    expect(page.get_by_text(said("data.import_done", name="水果 <b>one</b>", n=1))).to_be_visible()
    expect(head(page, "水果 <b>one</b>")).to_be_visible()
    expect(page.get_by_text(re.compile("expect ± .* points"))).to_be_visible()
    expect(page.locator(TILES)).to_have_count(12)

    # one picture is shown closely, moved to another class, another one taken out and put back
    page.locator(TILES).nth(0).click()
    expect(page.get_by_text(said("data.seen_as", size=160))).to_be_visible()
    page.get_by_role("combobox", name=said("data.move_to")).click()
    page.get_by_role("option", name="苹果", exact=True).click()
    page.get_by_role("button", name=said("data.move", n=1)).click()
    expect(page.locator(TILES)).to_have_count(11)
    page.locator(TILES).nth(1).click()
    page.get_by_role("button", name=said("data.take_out", n=1)).click()
    expect(page.locator(TILES)).to_have_count(10)
    page.get_by_role("radio", name=said("data.split_dropped"), exact=True).click()
    expect(page.locator(TILES)).to_have_count(1)
    page.locator(TILES).first.click()
    page.get_by_role("button", name=said("data.put_back", n=1)).click()
    expect(page.get_by_text(said("data.split_dropped"), exact=True)).to_have_count(0)

    open_part(page, "left_out")
    with page.expect_download() as caught:
        page.get_by_role("button", name=said("frame.sheet")).click()
    rows = Path(caught.value.path()).read_text(encoding="utf-8-sig").splitlines()
    assert len(rows) == 2
    assert "梨/notes.jpg" in rows[1]

    page.get_by_role("button", name=said("data.train"), exact=True).click()
    page.wait_for_url(re.compile("lab|/\\?|start"))
    expect(page.get_by_text("3 classes · ")).to_be_visible()
    page.get_by_text(said("lab.baseline")).click()
    page.get_by_role("button", name=said("lab.train"), exact=True).click()
    expect(page.get_by_text(re.compile("completed 5 epochs")).first).to_be_visible()
    assert {path.name for path in lab.log.parent.iterdir()} >= {"cache", "datasets", "logs", "runs", "uploads"}
    assert lab.open_to_others() == []


def test_classes_are_renamed_merged_and_left_out_and_of_twins_one_is_kept(lab, page, photos, tmp_path):
    path = tmp_path / "twins.zip"
    with zipfile.ZipFile(path, "w") as made:
        for name, files in zip(("a", "b", "c"), photos.values(), strict=True):
            for number, data in enumerate(files):
                made.writestr(f"{name}/{number}.jpg", data)
        again = Image.open(io.BytesIO(photos["苹果"][0])).resize((120, 120))
        file = io.BytesIO()
        again.save(file, "JPEG", quality=60)
        made.writestr("a/smaller.jpg", file.getvalue())
    open_data(page, lab, "zip")
    page.locator("input[type=file]").first.set_input_files(path)
    take_in(page, "with twins")
    expect(head(page, "with twins")).to_be_visible()
    open_part(page, "twins")
    expect(page.locator(TILES)).to_have_count(2)
    page.get_by_role("button", name=said("data.one_of_each", n=1)).click()
    expect(page.get_by_text(said("data.no_twins"))).to_be_visible()

    open_part(page, "classes")
    field = open_first_name(page)
    expect(field).to_have_value("a")
    field.fill("c")  # which is there already
    field.press("Enter")
    expect(field).to_have_count(0)
    page.wait_for_timeout(800)  # the table gathers edits for a moment before it tells the server
    page.get_by_role("button", name=said("data.save_classes")).click()
    expect(page.get_by_test_id("stMetricValue").first).to_have_text("2")


def test_a_folder_and_the_same_folder_on_the_servers_disk_are_one_data_set(lab, page, tree):
    open_data(page, lab, "folder")
    page.locator("input[type=file]").first.set_input_files(tree)
    expect(page.get_by_text(said("data.n_files", n=37))).to_be_visible()
    take_in(page, "from my computer")
    expect(head(page, "from my computer")).to_be_visible()
    choose_way(page, "server")
    take_in(page, "from the server")
    expect(page.get_by_text(said("data.also_called", names="from the server"))).to_be_visible()
    expect(head(page, "from my computer")).to_be_visible()
    page.get_by_role("combobox", name=re.compile(said("data.choose"))).click()
    expect(page.get_by_role("option", name=re.compile(said("data.own_mark")))).to_have_count(1)


def test_files_dropped_on_one_class_after_the_other_and_the_camera_make_a_data_set(lab, page, photos):
    page.add_init_script(KEEP_STREAMS)
    open_data(page, lab, "files")
    for name, files in list(photos.items())[:2]:
        choose_class(page, name)
        sent = [{"name": f"{at}.jpg", "mimeType": "image/jpeg", "buffer": data} for at, data in enumerate(files)]
        page.locator("input[type=file]").first.set_input_files(sent)
        page.get_by_role("button", name=said("data.add", n=12)).click()
        expect(page.get_by_text(said("data.added", name=name, n=12))).to_be_visible()
    expect(head(page, said("data.mine"))).to_be_visible()
    choose_way(page, "camera")
    choose_class(page, "camera class")
    added = page.get_by_text(re.compile(said("data.added", name="camera class", n="[0-9]+")))
    hold_camera(page, 3)
    n_first = int(re.search("[0-9]+", added.inner_text())[0])
    assert n_first >= 2  # one frame may be the same as the one before
    hold_camera(page, 3)  # the class stays chosen, and the camera open
    until("a second burst is added", lambda: int(re.search("[0-9]+", added.inner_text())[0]) > n_first)
    expect(page.get_by_test_id("stMetricValue").first).to_have_text("3")
    assert page.evaluate("streams.length") == 1
    choose_way(page, "zip")
    wait_for(page, "streams[0].getTracks().every(track => track.readyState === 'ended')")  # nobody is seen


def test_an_import_can_be_cancelled_and_leaves_nothing(lab, page, photos, tmp_path):
    large = tmp_path / "large.zip"
    with zipfile.ZipFile(large, "w") as made:
        for name, files in photos.items():
            big = Image.open(io.BytesIO(files[0])).resize((4000, 3000))
            file = io.BytesIO()
            big.save(file, "JPEG", quality=90)
            for number in range(60):
                made.writestr(f"{name}/{number}.jpg", file.getvalue())
    before = set((lab.log.parent / "datasets" / "own").iterdir())
    open_data(page, lab, "zip")
    page.locator("input[type=file]").first.set_input_files(large)
    take_in(page, "too large")
    expect(page.get_by_text(re.compile("of 180 files"))).to_be_visible()
    page.get_by_role("button", name=said("data.cancel"), exact=True).click()
    expect(page.get_by_text(said("data.import_cancelled", name="too large"))).to_be_visible()
    wait_for(page, "() => document.querySelectorAll('.stProgress').length === 0")
    assert set((lab.log.parent / "datasets" / "own").iterdir()) == before
    assert list((lab.log.parent / "uploads").iterdir()) == []
