"""Lesson plans: those that come with the lab say everything in both languages, and a broken one says where."""

import re
import tomllib

import pytest

from tl_core.errors import InputError
from tl_core.lessons.catalog import BUNDLED, lessons
from tl_core.lessons.plan import ANSWERS, CLICK, FOLDER, plans, read_plan
from tl_core.paths import ASSETS
from tl_core.phrases import LANGUAGES, explain

PLAN = """[[item]]
id = "a"
to = 5
page = "learn"
query = { mission = "three-ways" }

[[item]]
id = "b"
to = 9
"""
_SAID = "Say.\n\n### click\nHere.\n\n### answers\nThat.\n"
WORDS = f"# Title\nLead.\n\n## a: One\n{_SAID}\n## b\n{_SAID}"


@pytest.fixture
def write(tmp_path):
    def written(plan: str = PLAN, words: str = WORDS, name: str = "mine"):
        folder = tmp_path / "lessons" / FOLDER
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.toml").write_text(plan)
        for language in LANGUAGES:
            (folder / f"{name}.{language}.md").write_text(words)
        return folder / f"{name}.toml"

    return written


def test_the_lab_brings_a_plan_of_45_and_one_of_90_minutes_without_gaps():
    found, broken = plans()
    assert broken == []
    assert {id: plan.minutes for id, plan in found.items()} == {"lesson-45": 45, "lesson-90": 90}
    for plan in found.values():
        assert plan.items[0].start == 0
        assert all(one.end == after.start for one, after in zip(plan.items, plan.items[1:], strict=False))
        for language in LANGUAGES:
            for item in plan.items:
                section = plan.texts[language].sections[item.id]
                assert section.title
                assert section.body
                assert section.parts[CLICK]
                assert section.parts[ANSWERS]


def test_the_short_plan_has_the_minutes_that_were_tried():
    items = plans()[0]["lesson-45"].items
    assert [(item.start, item.end) for item in items] == [
        *((0, 4), (4, 8), (8, 15), (15, 18), (18, 29), (29, 38), (38, 43), (43, 45)),
    ]


def test_plans_lead_to_steps_that_their_missions_have_and_call_missions_by_their_titles():
    missions = lessons().lessons
    for plan in plans()[0].values():
        for item in (one for one in plan.items if "mission" in one.query):
            found = missions[item.query["mission"]]
            assert item.query.get("step", "end") in {*(step.id for step in found.mission.steps), "end"}
            for language in LANGUAGES:
                click = plan.texts[language].sections[item.id].parts[CLICK]
                assert found.texts[language].title.rstrip("?？") in click


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_a_plan_says_to_press_is_called_so_in_the_lab(language):
    copy = (ASSETS / "copy" / f"{language}.toml").read_text(encoding="utf-8")
    known = _texts(tomllib.loads(copy))
    for plan in plans()[0].values():
        for section in plan.texts[language].sections.values():
            for quoted in re.findall("“([^”]+)”", section.parts[CLICK]):
                assert quoted in known


def _texts(table: dict) -> set[str]:
    found = set()
    for value in table.values():
        found |= _texts(value) if isinstance(value, dict) else {value}
    return found


def test_an_instructors_own_plan_stands_beside_the_others_and_may_replace_one(write, tmp_path):
    write()
    write(name="lesson-45")
    found, broken = plans(tmp_path)
    assert broken == []
    assert {id: plan.minutes for id, plan in found.items()} == {"lesson-45": 9, "mine": 9, "lesson-90": 90}
    assert found["mine"].items[0].query == {"mission": "three-ways"}


def test_plans_are_no_missions(write, tmp_path):
    write()
    assert FOLDER not in lessons(tmp_path).lessons
    assert lessons(tmp_path).broken == []
    assert (BUNDLED / FOLDER).is_dir()


@pytest.mark.parametrize(
    ("plan", "code", "line"),
    [
        (PLAN.replace("to = 9", "to = 5"), "mission_value", 7),
        (PLAN.replace('"b"', '"a"'), "mission_value", 7),
        (PLAN.replace('"learn"', '"games"'), "mission_value", 1),
        (PLAN.replace("to = 5", "to = true"), "mission_value", 1),
        (PLAN.replace("to = 5", "till = 5"), "mission_value", 1),
        (PLAN.replace('"three-ways"', "3"), "mission_value", 1),
        (PLAN.replace("to = 9", "to = = 9"), "mission_syntax", 9),
        ("item = []", "mission_value", 1),
        ("minutes = 5", "mission_value", 1),
        ("", "mission_value", 1),
    ],
)
def test_a_plan_that_cannot_be_says_where_and_the_others_go_on(write, tmp_path, plan, code, line):
    with pytest.raises(InputError) as raised:
        read_plan(write(plan))
    error = raised.value
    assert (error.code, error.values["file"], error.values["line"]) == (code, "mine.toml", line)
    assert all("mine.toml" in explain(error, language) for language in LANGUAGES)
    found, broken = plans(tmp_path)
    assert (set(found), [one.code for one in broken]) == ({"lesson-45", "lesson-90"}, [code])


@pytest.mark.parametrize(
    ("words", "code"),
    [(WORDS.replace("## b", "## c"), "mission_lacks"), (WORDS.replace("### click", "### press", 1), "mission_lacks")],
)
def test_words_that_lack_something_are_refused(write, words, code):
    with pytest.raises(InputError) as raised:
        read_plan(write(words=words))
    assert raised.value.code == code


def test_a_plan_without_its_words_cannot_be_read(write):
    path = write()
    path.with_name("mine.zh.md").unlink()
    with pytest.raises(InputError) as raised:
        read_plan(path)
    assert raised.value.values["file"] == "mine.zh.md"
