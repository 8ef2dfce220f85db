"""What is installed and what is bundled: where it comes from, that it is what was tested, and by what right."""

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tl_core.export.formats import FORMATS
from tl_core.paths import ASSETS, PROJECT

NAMES = ("requirements", "requirements-dev")
SOURCES = sorted(ASSETS.glob("SOURCES-*.md"))


def lines(file: str) -> list[str]:
    text = (PROJECT / file).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def asked(name: str) -> list[Requirement]:
    return [Requirement(line) for line in lines(f"{name}.txt")]


def locked(name: str) -> dict[str, str]:
    """Returns {package: version} of a lock file, which must be whole."""
    rows = [re.fullmatch(r"([a-z0-9-]+)==(\S+) --hash=sha256:[0-9a-f]{64}", line) for line in lines(f"{name}.lock")]
    assert len(rows) > 10
    assert None not in rows
    return {row[1]: row[2] for row in rows}


@pytest.mark.parametrize("name", [*NAMES, "requirements-export"])
def test_every_requirement_has_a_lower_and_an_upper_bound(name):
    assert [str(one) for one in asked(name) if {each.operator for each in one.specifier} != {">=", "<"}] == []


@pytest.mark.parametrize("name", NAMES)
def test_what_was_tested_lies_within_the_ranges(name):
    versions = locked(NAMES[0]) | locked(name)
    for one in asked(name):
        package = canonicalize_name("tensorflow-cpu" if one.name == "tensorflow" else one.name)
        assert versions[package] in one.specifier, f"{one}: run `make lock`"


def test_what_an_extra_needs_is_what_its_formats_say():
    needed = {package for format in FORMATS.values() for package in format.packages}
    assert {one.name for one in asked("requirements-export")} == needed


def test_nothing_is_locked_twice_and_the_app_gets_nothing_that_only_tests_need():
    app, dev = map(locked, NAMES)
    assert app.keys() & dev.keys() == set()
    assert "pytest" not in app


@pytest.mark.parametrize("file", [f"{name}.{kind}" for name in NAMES for kind in ("txt", "lock")])
def test_packages_are_named_without_an_address(file):
    assert [line for line in lines(file) if "/" in line or line.startswith("-")] == []


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_the_licences_of_the_bundled_pictures_are_there_in_full(source: Path):
    linked = re.findall(r"\]\((licences/[^)]+)\)", source.read_text(encoding="utf-8"))
    assert linked
    assert [name for name in linked if len((ASSETS / name).read_text(encoding="utf-8")) < 1000] == []
