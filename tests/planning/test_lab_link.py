import json
from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_spec import SPECS

from tl_core.phrases import LANGUAGES, keys
from tl_core.planning.lab_link import CONTROLS, DEPENDENT, LabLink, Notice, is_lab_link
from tl_core.spec import RunSpec

SETS = st.frozensets(st.sampled_from(CONTROLS))
LESSONS = st.builds(
    LabLink,
    SPECS,
    locked=SETS,
    hidden=SETS,
    with_baseline=st.booleans(),
    left_open=st.frozensets(st.sampled_from(DEPENDENT)),
)
KEYS = st.sampled_from(
    ["v", "lock", "hide", "baseline", "freeze", "run", "epochs", "n_frozen", "learning_rate", "views"]
)
VALUES = st.text() | st.sampled_from(["2", "nan", "1e999", "0x10", "os.system", "\x00", "\ud800", "light", "9" * 10**6])
ANYTHING = VALUES | st.lists(VALUES) | st.none() | st.integers() | st.binary() | st.dictionaries(st.text(), st.none())


@given(LESSONS)
def test_what_a_link_says_survives_its_address(link):  # U06
    address = urlencode(link.to_query())
    assert LabLink.from_query(parse_qs(address, keep_blank_values=True, strict_parsing=True)) == (link, [])


@given(st.dictionaries(KEYS | st.text() | st.integers(), ANYTHING))
def test_reading_a_link_never_fails_and_gives_what_can_be_linked_again(query):
    link, notices = LabLink.from_query(query)
    assert LabLink.from_query(link.to_query()) == (link, [])
    assert len({notice.code for notice in notices}) == len(notices)


def test_a_link_holds_the_settings_and_nothing_else():  # U06
    link = LabLink(RunSpec(epochs=7), locked=frozenset({"seed", "epochs"}), hidden=frozenset({"optimizer"}))
    assert link.to_query() == {
        "v": "2",
        "n_frozen": "0",
        "image_size": "160",
        "phases": "1",
        "head_learning_rate": "0.002",
        "learning_rate": "0.001",
        "batchnorm": "trained",
        "epochs": "7",
        "lock": "epochs,seed",
        "hide": "optimizer",
    }
    fields = {*RunSpec().to_dict(), "v", "lock", "hide", "baseline"}
    everything = LabLink(RunSpec(), hidden=frozenset(CONTROLS), with_baseline=False)
    assert set(everything.to_query()) <= fields


@pytest.mark.parametrize(
    ("name", "received"),
    [
        *(("learning_rate", text) for text in ("-1", "1e999", "nan", "abc", "0x10", "")),
        *(("epochs", text) for text in (str(10**9), "2.5", "1" * 5000, "\x00", "７x", "\ud800")),
        *(("epochs", several) for several in (["3", "4"], [], None, 3, b"3", {"3": "3"})),
        ("optimizer", "os.system"),
        ("head", "__import__"),
        ("dataset", "x" * 10**6),
        ("baseline", "perhaps"),
        ("lock", "backbone,os.system"),
        ("hide", ["seed", "epochs"]),
    ],
)
def test_what_cannot_be_used_becomes_the_default_with_one_notice_that_names_it(name, received):  # U01, U02, U04
    link, notices = LabLink.from_query({"v": "2", "seed": "5", name: received})
    assert notices == [Notice("replaced", (name,))]
    assert link.spec == RunSpec(seed=5)
    assert link.locked == (frozenset({"backbone"}) if name == "lock" else frozenset())


def test_several_mistakes_share_one_notice_in_the_order_of_the_fields():
    _, notices = LabLink.from_query({"v": "2", "seed": "x", "hide": "x", "epochs": "x", "head": "x"})
    assert notices == [Notice("replaced", ("head", "epochs", "seed", "hide"))]


def test_the_same_value_twice_is_one_value():  # U01
    assert LabLink.from_query({"v": "2", "epochs": ["7", "7"]})[0].spec.epochs == 7


def test_unknown_keys_are_counted_and_never_repeated():  # U02
    query = {"v": "2", "freeze": "3", **{f"<b>{n}": "" for n in range(10_000)}}
    link, notices = LabLink.from_query(query)
    assert link.spec == RunSpec()
    assert notices == [Notice("unknown", n=10_001)]


def test_what_a_link_leaves_out_is_left_open_where_it_depends_on_the_rest():
    assert LabLink.from_query({"v": "2", "epochs": "7"})[0].left_open == frozenset(DEPENDENT)
    assert LabLink.from_query({"v": "2", "n_frozen": "0"})[0].left_open == frozenset(DEPENDENT) - {"n_frozen"}
    assert LabLink.from_query({"v": "2", "n_frozen": "?"})[0].left_open == frozenset(DEPENDENT)


def test_a_link_of_version_1_is_carried_over_and_says_so():  # U07
    link, notices = LabLink.from_query({"freeze": "7", "augment": "light", "seed": "5"})
    assert link.spec == RunSpec(n_frozen=7, augment="light", views="fresh", seed=5)
    assert notices == [Notice("migrated", ("n_frozen", "views"))]
    assert LabLink.from_query(link.to_query()) == (link, [])


def test_a_link_of_version_1_that_says_the_same_today_needs_no_notice():
    assert LabLink.from_query({"seed": "5", "v": "1"})[1] == []


@pytest.mark.parametrize("version", ["3", "", "two", "2.0", ["1", "2"]])
def test_of_an_unknown_version_is_read_what_can_be_read(version):  # U02
    link, notices = LabLink.from_query({"v": version, "epochs": "7"})
    assert link.spec == RunSpec(epochs=7)
    assert notices == [Notice("version")]


def test_what_is_hidden_need_not_be_locked_as_well():
    link = LabLink(RunSpec(), locked=frozenset({"seed", "head"}), hidden=frozenset({"seed"}))
    assert (link.locked, link.hidden) == ({"head"}, {"seed"})


def test_a_link_is_a_lesson_when_it_sets_anything():
    assert is_lab_link({"seed": "1"})
    assert is_lab_link({"freeze": "1"})
    assert not is_lab_link({"colour": "red"})
    assert not is_lab_link({})


def test_every_control_has_its_name_in_both_languages():
    for language in LANGUAGES:
        assert {f"field.{name}" for name in (*RunSpec().to_dict(), "baseline", "lock", "hide")} <= keys(language)


def test_a_lesson_of_plain_settings_is_plain_text():
    assert json.dumps(LabLink(RunSpec()).to_query()).isascii()
