"""A student's whole way through the lab, in a real browser on real weights and photographs.

Worth its minute: the only tests in which the server, its worker, the pipe and the page play together from the first
click to the answer. They train as little as shows that.
"""

import json
import os
import re
import subprocess
import sys

import pytest
from patience import until, wait_for
from playwright.sync_api import Page, expect
from real_server import Server

from tl_core.paths import ASSETS

SAMPLES = ASSETS / "samples"
ALL = "[...document.querySelectorAll('.tl-live')]"
CURVES = f"{ALL}.filter(n => n._fullData?.some(t => t.uid?.endsWith('-validation')))"
STILL = """text => {
  const now = document.body.innerText.split('\\n').find(line => line.startsWith(text));
  if (window.before !== now) [window.before, window.since] = [now, performance.now()];
  return performance.now() - window.since > 2500;
}"""
POINTS = f"uid => {ALL}.flatMap(n => n._fullData ?? []).find(t => t.uid === uid)?.x.length ?? 0"
PAUSED = re.compile(r"^paused after batch [\d,]+ of [\d,]+$")
pytestmark = [pytest.mark.browser, pytest.mark.slow]


def choose(page: Page, label: str, option: str) -> None:
    """Picks an option of a select box by its beginning."""
    page.get_by_role("combobox", name=re.compile(f".*{re.escape(label)}")).click()
    page.get_by_role("option", name=re.compile(f"^{re.escape(option)}")).first.click()


def set_number(page: Page, label: str, value: int) -> None:
    """Writes a number into one of the further settings."""
    field = page.get_by_label(label, exact=True)
    if not field.is_visible():
        page.get_by_text("More settings").click()
    field.fill(str(value))
    field.press("Enter")


def zoom(page: Page) -> list[float]:
    """Drags the mouse over the middle of the first chart; returns the range that its x axis has then.

    A drag that was begun while the chart was drawn anew is made again.
    """
    chart = page.locator(".st-key-curves-panel .nsewdrag").first
    before = page.evaluate(f"{CURVES}[0]._fullLayout.xaxis.range")

    def dragged() -> list[float] | None:
        chart.scroll_into_view_if_needed()
        box = chart.bounding_box()
        left, right = (box["x"] + share * box["width"] for share in (0.2, 0.7))
        middle = box["y"] + box["height"] / 2
        page.mouse.move(left, middle)
        page.mouse.down()
        page.mouse.move(right, middle, steps=5)
        page.mouse.up()
        found = page.evaluate(f"{CURVES}[0]._fullLayout.xaxis.range")
        return found if found != before else None

    return until("a chart that is zoomed", dragged)


def runs_on_the_command_line(server: Server) -> dict[str, dict]:
    """Returns what the command line shows of the server's runs, by their ids."""
    shown = subprocess.run(
        [sys.executable, "-m", "tl_core", "runs", "--json"],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "TL_HOME": str(server.log.parent)},
    )
    return {record["id"]: record for record in json.loads(shown.stdout)}


def test_a_student_trains_watches_reloads_reads_the_verdict_classifies_and_switches_to_chinese(server, page):
    page.goto(f"{server.url}/?lang=en&v=2&dataset=groceries&image_size=96&per_class=10&batch_size=8&epochs=5")
    choose(page, "1 · Data", "Fruit in shops, 14")
    choose(page, "2 · Backbone", "MobileNetV2")
    slider = page.get_by_role("slider", name="3 · Frozen blocks")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_text("Frozen up to and including block_16")).to_be_visible()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_text("only the new head is trained")).to_be_visible()
    set_number(page, "Epochs", 3)
    page.get_by_role("button", name="Train", exact=True).click()

    page.wait_for_url(re.compile("run=[0-9a-f]{32}"))
    run_id = re.search("run=([0-9a-f]{32})", page.url)[1]
    baseline = page.locator(".st-key-state-baseline")
    baseline.get_by_role("button", name="Pause").click()
    expect(page.get_by_text(re.compile("completed 3 epochs")).first).to_be_visible()
    wait_for(page, POINTS, f"{run_id}-validation")

    # the baseline goes on: its points arrive in the same node, and a zoom survives them
    baseline.get_by_role("button", name="One batch").click()
    find = f"run => {ALL}.flatMap(n => n._fullData ?? []).map(t => t.uid ?? '').find(IS_BASELINE)".replace(
        "IS_BASELINE", "u => u.endsWith('-train') && !u.startsWith(run) && !u.startsWith('key')"
    )
    baseline_uid = wait_for(page, find, run_id)
    expect(baseline.get_by_text(PAUSED)).to_be_visible()
    n_before = page.evaluate(POINTS, baseline_uid)
    page.evaluate(f"{ALL}.forEach(n => {{ n.marked = true }})")
    zoomed = zoom(page)
    baseline.get_by_role("button", name="One batch").click()
    wait_for(page, f"([uid, n]) => ({POINTS})(uid) > n", [baseline_uid, n_before])
    kept = page.evaluate(f"{CURVES}.map(n => [n.marked, n._fullLayout.xaxis.range])")
    assert kept[0] == [True, zoomed]
    assert all(marked for marked, _ in kept)

    page.reload()
    assert run_id in page.url
    expect(page.get_by_role("button", name="Stop", exact=True).first).to_be_visible()
    baseline.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("transfer helps here")).to_be_visible()
    expect(page.get_by_text(re.compile(r"on 661 test pictures; 1 seed"))).to_be_visible()
    page.get_by_text("Weight proof").click()
    expect(
        page.get_by_text("19 of 19 frozen blocks are bit for bit unchanged; 1 of 1 trainable blocks")
    ).to_be_visible()

    shown = runs_on_the_command_line(server)
    for one, role in ((run_id, "run"), (baseline_uid.removesuffix("-train"), "baseline")):
        assert (shown[one]["role"], shown[one]["state"]) == (role, "completed")
    accuracies = [shown[one]["test_accuracy"] for one in (run_id, baseline_uid.removesuffix("-train"))]
    assert accuracies[0] - accuracies[1] >= 0.15  # measured: .49 and .05

    page.get_by_role("link", name="Classify a picture with these").click()
    expect(page.get_by_role("heading", name="Classify", exact=True)).to_be_visible()
    assert run_id in page.url
    page.get_by_role("radio", name="Upload").click()
    page.locator("input[type=file]").set_input_files(SAMPLES / "conference_pear_1.jpg")
    answer = page.get_by_text(re.compile(r"^Conference · \d+%$"))
    expect(answer.first).to_be_visible()
    percent = re.search(r"(\d+)%", answer.first.inner_text())[1]
    page.get_by_text("Why?", exact=True).click()
    expect(page.locator(".tl-maps figure")).to_have_count(3)  # of the run, its baseline, and the backbone alone
    wait_for(page, "[...document.querySelectorAll('.tl-maps img')].every(one => one.naturalWidth === 320)")

    page.get_by_role("radio", name="中文").click()
    expect(page.get_by_role("heading", name="图片分类").or_(page.get_by_role("heading", level=1))).to_be_visible()
    wait_for(page, "document.querySelector('h1').innerText !== 'Classify'")
    expect(page.get_by_text(re.compile(rf"· {percent}%$")).first).to_be_visible()
    assert "lang=zh" in page.url

    page.goto(f"{server.url}/insights?lang=en&run={run_id}")
    page.get_by_role("radio", name="Explanations").click()
    expect(page.locator(".tl-maps figure")).to_have_count(3)  # the picture, the run's map, and the baseline's
    with page.expect_download() as download:
        page.get_by_role("button", name="Download as PNG").click()
    assert download.value.suggested_filename == "explanation.png"
    assert server.open_to_others() == []


def test_the_next_student_gets_the_record_replayed_and_may_train_afresh(server, page):
    quick = f"{server.url}/?lang=en&v=2&backbone=squeezenet&image_size=64&per_class=5&epochs=20&seed=7"
    page.goto(quick)
    page.get_by_role("button", name="Train", exact=True).click()
    verdict = page.get_by_text(re.compile(r"on \d+ test pictures; 1 seed"))
    expect(verdict).to_be_visible()

    page.goto(quick)
    expect(page.get_by_text("These settings have been trained before")).to_be_visible()
    page.get_by_role("button", name="Train", exact=True).click()
    page.wait_for_url(re.compile("run=[0-9a-f]{32}"))
    uid = re.search("run=([0-9a-f]{32})", page.url)[1] + "-train"
    wait_for(page, f"uid => ({POINTS})(uid) > 5", uid)
    n_early = page.evaluate(POINTS, uid)
    expect(page.get_by_text(re.compile("recorded on .* threads?$")).first).to_be_visible()
    expect(verdict).to_be_visible()
    assert n_early < page.evaluate(POINTS, uid)
    page.get_by_role("button", name="Train again").click()
    wait_for(page, "uid => !location.href.includes(uid)", uid[:32])
    stop = page.get_by_role("button", name="Stop", exact=True)
    expect(stop.first).to_be_visible()
    stop.last.click()  # the baseline; the run is over in a moment by itself
    expect(stop).to_have_count(0)


def test_a_run_is_paused_stepped_and_let_go_on(server, page):
    asked = "backbone=squeezenet&image_size=64&per_class=5&n_frozen=4&phases=1&epochs=499&seed=8&baseline=0"
    page.goto(f"{server.url}/?lang=en&v=2&{asked}")
    page.get_by_role("button", name="Train", exact=True).click()
    expect(page.get_by_test_id("stProgress").get_by_text(re.compile(r"^epoch \d+ of 499"))).to_be_visible()
    page.get_by_role("button", name="Pause").click()
    line = page.get_by_test_id("stProgress")  # what is read out says the same
    paused = line.get_by_text(PAUSED)
    expect(paused).to_be_visible()
    page.get_by_role("button", name="One batch").hover()  # the steps of the present turn are said by now
    wait_for(page, f"{STILL}", "paused after batch")
    before = int(re.search(r"(\d+) of", paused.inner_text().replace(",", ""))[1])
    page.get_by_role("button", name="One batch").click()
    expect(line.get_by_text(f"paused after batch {before + 1:,} of")).to_be_visible()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_test_id("stProgress").get_by_text(re.compile(r"^epoch \d+ of 499"))).to_be_visible()
    page.get_by_role("button", name="Stop", exact=True).click()
    expect(page.get_by_text(re.compile("stopped after")).first).to_be_visible()
