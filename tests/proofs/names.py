"""Hostile names, put wherever people can put names and looked at in Chromium: they are letters, and nothing else.

Each name is that of a finished run, of a baseline, of a visitor, of an uploaded file, of a data set, of a class in it
and of a file that was left out. A browser with its owner's cookie visits every page that shows them, and counts what it
is asked to fetch elsewhere, the dialogs and the errors.
"""

import io
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unicodedata import category, normalize
from urllib.parse import urlencode, urlsplit

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, TimeoutError, sync_playwright

from pages.ui.run_names import shortened
from tests.browser.real_server import Server
from tests.pages.fake_runs import record_finished
from tests.patience import PATIENCE_MS, wait_for
from tests.proofs.finding import Finding
from tl_core.datasets.own.class_names import clean_class_name
from tl_core.ingest.ingest import ingest
from tl_core.ingest.request import ImportRequest
from tl_core.ingest.sources import Sent
from tl_core.paths import PROJECT
from tl_core.phrases import phrase
from tl_core.planning.plan import baseline_of, plan_run
from tl_core.store.access import Visitor
from tl_core.store.albums import AlbumRecord, Albums
from tl_core.store.cookies import COOKIE, new_cookie, owner_of, server_secret
from tl_core.store.records import RunRecord, Visibility
from tl_core.store.sqlite.store import SqliteStore

ELSEWHERE = "names.example"  # no such host; whoever asks for it has read a name as more than letters
NAMES = (
    f"<script src=//{ELSEWHERE}/x.js></script>",
    f"![x](http://{ELSEWHERE}/p.png) [y](javascript:alert(1))",
    "=1+1 $x^2$ {placeholder} %s",
    ":material/home: :tada: a -> b :red[x]",
    f"<img src=http://{ELSEWHERE}/p.png onerror=alert(1)>",
    "<b>bold</b><br><a href='javascript:alert(1)'>link</a>",
    "</style><style>* { display: none }</style>",
    "**bold** _italic_ ~~gone~~ `code`",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "-2+3+cmd",
    "+1 000",
    r"\LaTeX \(x\) $$\frac{1}{2}$$",
    f"www.{ELSEWHERE} pupil@{ELSEWHERE} https://{ELSEWHERE}/x",
    f"[x]: http://{ELSEWHERE}/x 'title'",
    f"<http://{ELSEWHERE}/auto>",
    f"<svg/onload=fetch('//{ELSEWHERE}/svg')>",
    f"<iframe src=//{ELSEWHERE}></iframe>",
    f"<link rel=stylesheet href=//{ELSEWHERE}/x.css>",
    f'" onmouseover="alert(1)" style="background:url(//{ELSEWHERE}/b)',
    "' autofocus onfocus=alert(1) '",
    "`${alert(1)}` {{7*7}} #{7*7} <%= 7*7 %>",
    ":streamlit: :smile: :+1: :blue-badge[x] :small[y]",
    ":material_star: :shimmer[x] :color[x]{foreground=red}",
    "1. one",
    "12) twelve",
    "# heading",
    "- item",
    "---",
    "> quoted",
    "| a | b |",
    "&lt;b&gt; &amp; &#60;i&#62; &nbsp;",
    "%{y} %{customdata} %d %n {0} {name!r}",
    "👩‍🔬 🇨🇳 🏳️‍🌈",
    "猫和狗的分类器（第一次）：准确率 100%",
    "e\u0301 Z\u0335\u0321\u0322a\u0334l\u0335g\u0336o",
    "zero\u200bwidth\u2060joined\ufeff name",
    "مرحبا بالعالم שלום",
    "../../etc/passwd C:\\Windows\\x",
    "null",
    "x" * 79 + "…",
)
LANGUAGES = ("en", "zh")
PICTURE = PROJECT / "assets" / "samples" / "cat_1.jpg"
N_IN_A_GROUP = 4  # four pairs are eight runs: as many as the chart of all runs draws
ANSWER_HELP = "[class*=st-key-answers] [data-testid=stTooltipIcon] [data-testid=stTooltipHoverTarget]"
READ = """selector => [...document.querySelectorAll(selector)].map(
  e => (e.matches('input') ? e.value : e.textContent).replace(/[^\\S\ufeff]+/g, ' ').trim())"""
FINDS = f"""([selector, wanted]) => {{
  const found = ({READ})(selector);
  return wanted.every(text => found.some(one => one.includes(text)));
}}"""
HOVER = """number => document.querySelectorAll('.tl-live').forEach(node => window.Plotly.Fx.hover(node,
  node._fullData.map((trace, at) => ({curveNumber: at, pointNumber: number})).filter(
    ({curveNumber: at}) => number < (node._fullData[at].x?.length ?? 0) && node._fullData[at].hoverinfo !== 'skip')))"""


@dataclass
class Watch:
    """What a browser was made to do, which names it did not find, and where it sent its pictures."""

    fetched: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    uploads: list[str] = field(default_factory=list)
    n_places: int = 0

    def follow(self, page: Page) -> None:
        """Listens to a page from now on."""
        page.on("request", lambda asked: self._note_request(asked.url))
        page.on("websocket", lambda socket: self._note_request(socket.url))
        page.on("dialog", lambda dialog: (self.dialogs.append(dialog.message), dialog.dismiss()))
        page.on("pageerror", lambda error: self.errors.append(str(error)))

    def _note_request(self, url: str) -> None:
        if urlsplit(url).scheme not in ("data", "blob") and urlsplit(url).hostname != "localhost":
            self.fetched.append(url)
        if "/upload_file/" in url:
            self.uploads.append(url)

    def find(self, page: Page, where: str, selector: str, wanted: Sequence[str]) -> None:
        """Notes which texts do not stand, letter by letter, within one of the elements that a selector finds."""
        squeezed = [" ".join(text.split()) for text in wanted]
        self.n_places += len(wanted)
        try:
            wait_for(page, FINDS, [selector, squeezed])
        except TimeoutError:
            found = page.evaluate(READ, selector)
            lost = [text for text in squeezed if not any(text in one for one in found)]
            self.missing += [f"{where}: {text!r} is not in {found!r}" for text in lost]


@dataclass(frozen=True)
class Guest:
    """A visitor with four names, each that of a run, of the baseline of the next one, and of a class of pictures."""

    cookie: str
    by: Visitor
    names: tuple[str, ...]
    records: tuple[RunRecord, ...]
    album: AlbumRecord


def prove(n: int | None = None) -> list[Finding]:
    """Shows so many names on every page, in both languages."""
    names, watch = NAMES[:n], Watch()
    with tempfile.TemporaryDirectory() as folder, opened() as browser:
        home = Path(folder)
        guests = [settle(home, names[at : at + N_IN_A_GROUP]) for at in range(0, len(names), N_IN_A_GROUP)]
        server = Server(home).wait()
        try:
            for guest in guests:
                for language in LANGUAGES:
                    visit(browser, server.url, home, guest, language, watch)
        finally:
            server.stop()
    return findings(watch, len(names))


def findings(watch: Watch, n_names: int) -> list[Finding]:
    """Returns what was promised beside what was seen."""
    seen = {"requests elsewhere": watch.fetched, "dialogs": watch.dialogs, "errors of the page": watch.errors}
    counted = [Finding(what, f"{len(found)} {found[:3] or ''}".strip(), "0", not found) for what, found in seen.items()]
    n_found = watch.n_places - len(watch.missing)
    told = f"{n_found} of {watch.n_places} {watch.missing[:3] or ''}".strip()
    return [*counted, Finding(f"places where {n_names} names stand as they were typed", told, "all", not watch.missing)]


@contextmanager
def opened() -> Iterator[Browser]:
    """Opens Chromium: the system's where there is one, else Playwright's."""
    with sync_playwright() as playwright:
        args = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=args)
        yield browser
        browser.close()


def settle(home: Path, names: Sequence[str]) -> Guest:
    """Writes a visitor and finished runs with these names into a data folder; a server may be at work there."""
    secret = server_secret(home)
    cookie = new_cookie(secret)
    by, spec = Visitor(owner_of(cookie, secret)), plan_run({})
    with SqliteStore(home) as store:
        for name, next_name in zip(names, [*names[1:], names[0]], strict=True):
            run = record_finished(store, spec, 0.8, role="run", name=name, owner=by.owner)
            baseline = {"role": "baseline", "name": next_name, "twin_id": run, "owner": by.owner}
            record_finished(store, baseline_of(spec), 0.3, **baseline)
        records = store.list_runs(by=by, owner=by.owner)
    return Guest(cookie, by, tuple(names), tuple(records), _brought(home, by, names))


def _brought(home: Path, by: Visitor, names: Sequence[str]) -> AlbumRecord:
    """Takes in pictures whose data set, classes and files have these names; of each class one file is left out."""
    chance, files = np.random.default_rng(0), []
    for name in names:
        for number in range(4):
            cells = Image.fromarray(chance.integers(0, 255, (8, 8, 3), np.uint8))
            file = io.BytesIO()
            cells.resize((48, 48), Image.Resampling.BICUBIC).save(file, "PNG")
            files.append((f"{_part(name)}/{number} {_part(name)}.png", file.getvalue()))
        files.append((f"{_part(name)}/bad {_part(name)}.png", b"no picture"))
    steps = ingest(Albums(home), Sent(files), ImportRequest(names[0], by.owner, source=names[-1]), n_threads=1)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            return end.value


def clear(home: Path, guest: Guest) -> None:
    """Takes a visitor's runs away again."""
    with SqliteStore(home) as store:
        for record in guest.records:
            store.delete(record.id, by=guest.by)
    Albums(home).delete(guest.album.id, by=guest.by)


@dataclass(frozen=True)
class Tour:
    """A visitor's way past all places where names stand, in one language."""

    page: Page
    url: str
    language: str
    guest: Guest
    watch: Watch

    def open(self, path: str, **query: str) -> None:
        """Opens a page of the lab from its address."""
        self.page.goto(f"{self.url}/{path}?{urlencode({'lang': self.language, **query})}")

    def find(self, where: str, selector: str, wanted: Sequence[str]) -> None:
        """Sees to it that the texts stand there, letter by letter."""
        self.watch.find(self.page, f"{where}, {self.language}", selector, wanted)

    def press_choice(self, word: str) -> None:
        """Chooses one of several by the word on it."""
        self.page.get_by_role("radio", name=phrase(self.language, word), exact=True).click()

    def press(self, word: str, **values: object) -> None:
        """Presses a button by the word on it."""
        self.page.get_by_role("button", name=phrase(self.language, word, **values)).last.click()


def visit(
    browser: Browser, url: str, home: Path, guest: Guest, language: str, watch: Watch, n_renamed: int = N_IN_A_GROUP
) -> None:
    """Looks for a visitor's names on every page.

    Args:
        browser: Chromium.
        url: Of the server.
        home: The server's data folder.
        guest: Whose browser it is.
        language: "en" or "zh".
        watch: Notes what is seen.
        n_renamed: For so many runs the field for a new name is opened.
    """
    share(home, guest, Visibility.CLASS)
    context = browser.new_context(viewport={"width": 1440, "height": 1100})
    context.set_default_timeout(PATIENCE_MS)
    context.add_cookies([{"name": COOKIE, "value": guest.cookie, "url": url}])
    tour = Tour(context.new_page(), url, language, guest, watch)
    watch.follow(tour.page)
    try:
        _visit_lab(tour, home)
        _visit_runs(tour)
        _visit_fields(tour, n_renamed)
        _visit_classify(tour)
        _visit_class(tour)
        _visit_data(tour)
    finally:
        context.close()
        share(home, guest, Visibility.PRIVATE)


def share(home: Path, guest: Guest, visibility: Visibility) -> None:
    """Says who else sees a visitor's runs: the class's board has room for those of one."""
    with SqliteStore(home) as store:
        for record in guest.records:
            store.share(record.id, visibility, by=guest.by)


def _visit_lab(tour: Tour, home: Path) -> None:
    """Opens each run, its visitor called by the same name."""
    for name in tour.guest.names:
        with SqliteStore(home) as store:
            store.name_owner(tour.guest.by.owner, name, by=tour.guest.by)
        run = next(one for one in tour.guest.records if (one.name, one.role) == (name, "run"))
        tour.open("lab", run=run.id)
        tour.find("the lab's title", "[data-testid=stMain] h2", [name])
        tour.find("the visitor's name", ".st-key-own-name button", [name])


def _visit_runs(tour: Tour) -> None:
    """Marks all runs: table, legend, what stands under the pointer, and the question before deleting."""
    tour.open("runs")
    in_table = [shortened(name, 27) for name in tour.guest.names]
    tour.find("the table of runs", "[data-testid=stDataFrame] td", in_table)
    _mark(tour.page, 0)
    # each name stands there twice, so the legend has the beginnings of the ids too
    legend = [_drawn(f"{record.id[:6]} · {record.name}", 32) for record in tour.guest.records]
    tour.find("the legend", ".tl-live .legendtext", legend)
    tour.page.evaluate(HOVER, 0)
    tour.find("curves under the pointer", ".tl-live .hoverlayer text", legend)
    tour.press("runs.delete", n=len(legend))
    tour.find("the question before deleting", "[role=dialog] [data-testid=stText]", tour.guest.names)


def _visit_fields(tour: Tour, n_renamed: int) -> None:
    """Opens the field for a new name, run by run."""
    runs = [(row, record) for row, record in enumerate(tour.guest.records, start=1) if record.role == "run"]
    for row, record in runs[:n_renamed]:
        tour.open("runs")
        _mark(tour.page, row)
        tour.press("runs.rename")
        tour.find("the field for a new name", "[role=dialog] input", [record.name])


def _mark(page: Page, row: int) -> None:
    """Clicks the box before a row of the table; row 0 stands for all."""
    page.locator("[data-testid=stDataFrame] .dvn-scroller").first.click(position={"x": 20, "y": 18 + 35 * row})


def _visit_classify(tour: Tour) -> None:
    """Looks at the choice of networks, then uploads a picture and files that are none."""
    tour.open("classify", run=tour.guest.records[-1].id)
    tour.page.get_by_role("combobox").first.click()
    tour.find("the choice of networks", "[data-testid=stMultiSelect], [role=listbox]", tour.guest.names)
    tour.page.keyboard.press("Escape")
    tour.page.get_by_role("radio", name=phrase(tour.language, "classify.upload")).click()
    files = [_file_name(name) for name in tour.guest.names]
    contents = [PICTURE.read_bytes(), *[b"no picture"] * (len(files) - 1)]
    tour.page.locator("input[type=file]").set_input_files(
        [{"name": name, "mimeType": "image/jpeg", "buffer": data} for name, data in zip(files, contents, strict=True)]
    )
    sent = [name.replace('"', "%22") for name in files]  # browsers do that to file names
    shown = ["".join("?" if category(sign)[0] == "C" else sign for sign in name[:40]) for name in sent]
    tour.find("the picture's caption", "[data-testid=stCaptionContainer]", shown[:1])
    tour.find("the sentence about a bad file", "[data-testid=stAlert]", shown[1:])
    tour.page.locator("[data-test-script-state=notRunning]").wait_for()  # no more redrawing under the pointer
    tour.page.locator(ANSWER_HELP).first.hover()
    tour.find("the help beside an answer", "[data-testid=stTooltipContent]", [tour.guest.records[-1].name])


def _visit_class(tour: Tour) -> None:
    """Looks at the class's table, and points at one run after the other."""
    tour.open("classroom")
    tour.find("the class's table", "[data-testid=stDataFrame] td", [tour.guest.names[-1]])
    wait_for(tour.page, "() => document.querySelector('.tl-live')?._fullData")
    owner = _drawn(tour.guest.names[-1], 40)
    for number, name in enumerate(reversed(tour.guest.names)):  # the newest is the first
        tour.page.evaluate(HOVER, number)
        tour.find("the class's board", ".tl-live .hoverlayer text", [_drawn(name, 40) + owner])


def _visit_data(tour: Tour) -> None:
    """Looks at the pictures of the visitor: the names of their data set, classes and files."""
    classes = [clean_class_name(_part(name)) for name in tour.guest.names]
    tour.open("data")
    tour.find("the title of the data", "[data-testid=stMain] h2", [tour.guest.album.name])
    tour.find("where the data come from", "[data-testid=stCaptionContainer]", [tour.guest.names[-1]])
    tour.page.locator(".tl-gallery button").first.wait_for()
    tour.press_choice("data.part_classes")
    tour.find("the chart of the classes", ".tl-live .ytick text", [_drawn(name, 24) for name in classes])
    tour.find("the table of the classes", "[data-testid=stDataFrame] td", classes)
    tour.press_choice("data.part_left_out")
    bad = [normalize("NFC", f"bad {_part(name)}") for name in tour.guest.names]
    tour.find("the table of what was left out", "[data-testid=stDataFrame] td", bad)
    tour.open("lab", dataset=tour.guest.album.id)
    tour.find("the strip of pictures", ".tl-strip figcaption", classes)
    tour.find(
        "the choice of the data",
        "[data-testid=stSelectbox] input, [data-testid=stSelectbox] div",
        [tour.guest.album.name],
    )


def _drawn(name: str, n_letters: int) -> str:
    """Returns a name as a chart has room for it, with a space for what nobody sees."""
    cut = name if len(name) <= n_letters else name[: n_letters - 1].rstrip() + "…"
    return "".join(" " if letter in "\u200b\u2060\ufeff" else letter for letter in cut)


def _part(name: str) -> str:
    """Returns a name as a part of a path, and of one that is not hidden."""
    return name.translate({ord("/"): "∕", ord(chr(92)): "∖"}).lstrip(".")


def _file_name(name: str) -> str:
    """Returns a name that a file can have, with a sign before it that turns the direction of reading."""
    return f"\u202e{_part(name)}.jpg"
