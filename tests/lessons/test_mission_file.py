"""A mission is read from its folder; what is wrong with one is said with file and line, and the others go on."""

import json
import shutil

import pytest

from tl_core.datasets.own.album import ABOUT, own_folder
from tl_core.errors import InputError
from tl_core.experiments.presets import PRESETS
from tl_core.lessons.catalog import BUNDLED, lessons, read_lesson
from tl_core.phrases import LANGUAGES, explain

PLAN = """minutes = 5
order = 1
conclusion = "winner"

[runs.frozen]
dataset = "mnist-small"

[runs.scratch]
baseline_of = "frozen"

[measures.winner]
kind = "best"
runs = ["frozen", "scratch"]

[[step]]
id = "bet"
kind = "predict"
form = "choice"
measure = "winner"

[[step]]
id = "race"
kind = "run"
runs = ["frozen", "scratch"]

[[step]]
id = "check"
kind = "quiz"
choices = ["a", "b"]
right = "a"
"""
WORDS = """# Title
What it asks.

## runs
- frozen: Frozen
- scratch: Scratch

## bet: Bet
Which?

- noise: None

## race: Race
Go.

## check
Which?

- a: This
- b: That

### answer
This, as {frozen.test_accuracy} says.

## end
- frozen: Frozen {frozen.test_accuracy}
- scratch: Scratch
- noise: Neither

### limits
Much.
"""


@pytest.fixture
def write(tmp_path):
    """Writes a mission, changed in one place; returns its folder."""

    def written(old: str = "", new: str = "", *, words: tuple[str, str] = ("", ""), name: str = "tried"):
        folder = tmp_path / "lessons" / name
        folder.mkdir(parents=True, exist_ok=True)
        assert old in PLAN
        assert words[0] in WORDS
        (folder / "mission.toml").write_text(PLAN.replace(old, new) if old else PLAN)
        for language in LANGUAGES:
            (folder / f"{language}.md").write_text(WORDS.replace(*words) if words[0] else WORDS)
        return folder

    return written


def refusal(folder) -> InputError:
    with pytest.raises(InputError) as caught:
        read_lesson(folder)
    for language in LANGUAGES:
        assert caught.value.values["file"] in explain(caught.value, language)
    return caught.value


def test_a_whole_one_is_read(write):
    lesson = read_lesson(write())
    assert [step.id for step in lesson.mission.steps] == ["bet", "race", "check"]
    assert lesson.mission.step("bet").choices == ("frozen", "scratch", "noise")
    assert lesson.mission.spec("scratch").weights == "random"
    words = lesson.texts["en"]
    assert (words.title, words.lead, words.run_name("frozen")) == ("Title", "What it asks.", "Frozen")
    assert (words.choice("bet", "scratch"), words.choice("bet", "noise")) == ("Scratch", "None")
    assert words.sections["check"].parts["answer"] == "This, as {frozen.test_accuracy} says."


@pytest.mark.parametrize(
    ("old", "new", "line", "received", "allowed"),
    [
        ("minutes = 5", 'minutes = "5"', 1, "5", "int"),
        ("minutes = 5", "minutes = 5\nminutos = 5", 2, "minutos", "minutes"),
        ('conclusion = "winner"', 'conclusion = "loser"', 3, "loser", "winner"),
        ('baseline_of = "frozen"', 'baseline_of = "froze"', 9, "froze", "frozen"),
        ('kind = "best"', 'kind = "worst"', 12, "worst", "best"),
        ('kind = "best"\nruns = ["frozen", "scratch"]', 'kind = "best"\nruns = ["frozen", "x"]', 13, "x", "frozen"),
        ('kind = "best"\nruns = ["frozen", "scratch"]', 'kind = "best"\nruns = ["frozen"]', 13, "['frozen']", "2 … 9"),
        ('kind = "best"', 'kind = "best"\nof = "speed"', 13, "speed", "epoch_s"),
        ('kind = "predict"', 'kind = "predit"', 17, "predit", "predict"),
        ('form = "choice"', 'form = "guess"', 18, "guess", "choice"),
        ('form = "choice"', 'form = "number"', 19, "winner", ""),
        ('measure = "winner"', 'measure = "loser"', 19, "loser", "winner"),
        ('kind = "run"\nruns = ["frozen", "scratch"]', 'kind = "run"', 21, "", "runs"),
        ('kind = "run"', 'kind = "run"\nform = "choice"', 24, "form", "runs"),
        ('right = "a"', 'right = "c"', 30, "c", "a"),
        ('id = "check"', 'id = "bet"', 27, "bet", ""),
        ('id = "check"', 'id = "Check It"', 27, "Check It", ""),
    ],
)
def test_a_mistake_is_said_with_its_line_what_was_received_and_what_is_allowed(
    write, old, new, line, received, allowed
):
    error = refusal(write(old, new))
    assert (error.code, error.values["line"], error.values["received"]) == ("mission_value", line, received)
    assert any(allowed in one for one in error.values["allowed"]) or not allowed
    assert error.values["file"] == "tried/mission.toml"


def test_what_is_no_toml_is_said_with_its_line(write):
    error = refusal(write("order = 1", "order = = 1"))
    assert (error.code, error.values["line"]) == ("mission_syntax", 2)


@pytest.mark.parametrize("new", ['dataset = "mnist-tiny"', 'dataset = "mnist-small"\nn_frozen = 99'])
def test_settings_that_cannot_be_trained_are_said_before_the_lesson_begins(write, new):
    error = refusal(write('dataset = "mnist-small"', new))
    assert (error.code, error.values["line"], error.values["what"]) == ("mission_run", 5, "frozen")
    assert explain(error.values["why"], "en") in explain(error, "en")


@pytest.mark.parametrize(
    ("words", "code", "line", "received"),
    [
        (("# Title\n", "Title\n"), "mission_text", 1, "Title"),
        (("## race: Race", "## bet: Race"), "mission_text", 13, "bet"),
        (("## race: Race\nGo.\n", ""), "mission_lacks", 1, "## race"),
        (("- noise: None\n", ""), "mission_lacks", 8, "- noise:"),
        (("- b: That\n", ""), "mission_lacks", 16, "- b:"),
        (("### answer", "### answr"), "mission_lacks", 16, "### answer"),
        (("### limits", "### limit"), "mission_lacks", 25, "### limits"),
        (("{frozen.test_accuracy} says", "{frozen.accuracy} says"), "mission_place", 16, "{frozen.accuracy}"),
        (("{frozen.test_accuracy} says", "{winer} says"), "mission_place", 16, "{winer}"),
    ],
)
def test_a_mistake_in_the_words_is_said_with_its_line(write, words, code, line, received):
    error = refusal(write(words=words))
    assert (error.code, error.values["line"], error.values["received"]) == (code, line, received)
    assert error.values["file"] == "tried/en.md"


@pytest.mark.parametrize(
    "new",
    [
        "order = " + "[" * 5000,
        "order = " + "9" * 5000,
        'order = 1\n[sweeps.s]\nkind = ["depth"]',
        'order = 1\n[runs.noise]\ndataset = "mnist-small"',
        'order = 1\n[sweeps.s]\nkind = "depth"\nseeds = {}',
    ],
)
def test_whatever_stands_in_a_file_the_others_go_on(write, tmp_path, new):
    write(name="good")
    write("order = 1", new, name="bad")
    found = lessons(tmp_path)
    assert "good" in found.lessons
    assert [error.values["file"] for error in found.broken] == ["bad/mission.toml"]


def test_a_sketch_is_of_shares_only(write):
    curve = '[measures.curve]\nkind = "curve"\nruns = ["frozen", "scratch"]\nof = "seconds"\n\n'
    folder = write('[[step]]\nid = "bet"', f'{curve}[[step]]\nid = "bet"')
    before = 'form = "choice"\nmeasure = "winner"'
    plan = (folder / "mission.toml").read_text()
    assert before in plan
    (folder / "mission.toml").write_text(plan.replace(before, 'form = "sketch"\nmeasure = "curve"'))
    assert refusal(folder).values["received"] == "curve"


def test_words_that_are_missing_or_no_text_are_said(write):
    folder = write()
    (folder / "zh.md").write_bytes(b"\xff\xfe")
    assert refusal(folder).values["file"] == "tried/zh.md"
    (folder / "zh.md").unlink()
    assert refusal(folder).code == "mission_unreadable"


def test_a_broken_mission_leaves_the_others_and_is_read_again_once_it_is_mended(write, tmp_path):
    write(name="good")
    folder = write("minutes = 5", "minutes = x", name="bad")
    found = lessons(tmp_path)
    assert {"good", "bad"} & set(found.lessons) == {"good"}
    assert [error.values["file"] for error in found.broken] == ["bad/mission.toml"]
    (folder / "mission.toml").write_text(PLAN)
    assert "bad" in lessons(tmp_path).lessons


def put_album(home) -> str:
    """Puts an album into a data folder, as far as anything is asked of it before a run; returns its id."""
    folder = own_folder(home, f"own-{7:020x}")
    folder.mkdir(parents=True)
    told = {"classes": ["a", "b"], "n_train": 80, "n_validation": 20, "n_test": 20}
    told |= {"image_size": 96, "channels": 3, "can_flip": True, "lacks": []}
    (folder / ABOUT).write_text(json.dumps({"info": told}))
    return folder.name


@pytest.mark.parametrize("kind", ["run", "sweep"])
def test_one_whose_runs_are_on_an_album_of_the_data_folder_is_whole_as_long_as_the_album_is_there(
    write, tmp_path, kind
):
    other = f'\n\n[sweeps.deep]\nkind = "depth"\nseeds = 3\ndataset = "own-{7:020x}"'
    run, sweep = f'dataset = "own-{7:020x}"', f'dataset = "mnist-small"{other}'
    write('dataset = "mnist-small"', run if kind == "run" else sweep, name="mine")
    (error,) = lessons(tmp_path).broken
    assert error.code == "mission_run"
    album = own_folder(tmp_path, put_album(tmp_path))
    assert lessons(tmp_path).broken == []
    assert "mine" in lessons(tmp_path).lessons
    shutil.rmtree(album)
    assert "mine" not in lessons(tmp_path).lessons


def test_one_in_the_data_folder_takes_the_place_of_one_of_the_same_name(write, tmp_path):
    write(name="three-ways")
    assert lessons(tmp_path).lessons["three-ways"].texts["en"].title == "Title"
    assert lessons().lessons["three-ways"].texts["en"].title != "Title"


def test_how_deep_asks_what_the_measured_preset_asks():  # so its claims are those of test_measured_depth
    mission, depth = lessons().lessons["how-deep"].mission, PRESETS["depth"]
    assert mission.sweep("things").trials() == depth.sweep({}, depth.n_seeds).trials()
    assert mission.sweep("fruit").trials() == depth.sweep({"dataset": "groceries"}, depth.n_seeds).trials()


def test_every_mission_that_comes_with_the_lab_is_whole_in_both_languages():
    found = lessons()
    assert not found.broken
    assert set(found.lessons) == {path.name for path in BUNDLED.iterdir() if (path / "mission.toml").exists()}
    for lesson in found.lessons.values():
        sections = [set(words.sections) for words in lesson.texts.values()]
        assert sections[0] == sections[1]
        assert 5 <= lesson.mission.minutes <= 10
        kinds = [step.kind for step in lesson.mission.steps]
        assert "predict" in kinds[: kinds.index("run")]  # first one says what one expects
        assert {"look", "explain"} & set(kinds[kinds.index("run") :])
