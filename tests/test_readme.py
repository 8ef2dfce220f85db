"""The README and the code say the same."""

import re
from argparse import ArgumentParser

import pytest

from tl_core.commands.admit import add_admit_options
from tl_core.commands.backup import add_backup_options, add_restore_options
from tl_core.commands.bench import add_bench_options
from tl_core.commands.evaluate import add_evaluate_options
from tl_core.commands.expect import add_expect_options
from tl_core.commands.export import add_export_options
from tl_core.commands.import_ import add_import_options
from tl_core.commands.insight import add_insight_options
from tl_core.commands.recipe import add_recipe_options
from tl_core.commands.sweep import add_sweep_options
from tl_core.commands.train import OPTIONS
from tl_core.paths import ASSETS, PROJECT

README = (PROJECT / "README.md").read_text(encoding="utf-8")

ADDED = (
    add_admit_options,
    add_backup_options,
    add_bench_options,
    add_evaluate_options,
    add_expect_options,
    add_export_options,
    add_import_options,
    add_insight_options,
    add_recipe_options,
    add_restore_options,
    add_sweep_options,
)


def test_every_option_of_every_command_is_in_the_readme_and_no_other():
    written = set(re.findall(r"--([a-z][a-z-]+)", README))
    actions = []
    for add in ADDED:
        parser = ArgumentParser(add_help=False)
        add(parser)
        actions += parser._actions
    others = {option[2:] for action in actions for option in action.option_strings if option.startswith("--")}
    assert written == {*OPTIONS, "nesterov", "no-cache", "resume", "baseline", "private", "json", *others}


def test_every_setting_is_in_the_readme_and_no_other():
    files = [path for room in ("tl_core", "pages") for path in (PROJECT / room).rglob("*.py")]
    sources = "\n".join(path.read_text(encoding="utf-8") for path in files)
    read = set(re.findall(r"environ(?:\.get\(|\[)\"(TL_[A-Z_]+)\"", sources))
    assert set(re.findall(r"`(TL_[A-Z_]+)`", README)) == read


def test_every_file_that_the_readme_links_to_is_there():
    links = re.findall(r"\]\((?!http)([^)#]+)\)", README)
    assert len(links) >= 5
    assert [link for link in links if not (PROJECT / link).exists()] == []


@pytest.mark.parametrize(
    ("name", "least"), [("ARCHITECTURE.md", 30), ("CONTRIBUTING.md", 30), ("CHANGELOG.md", 0), ("docs/SERVING.md", 5)]
)
def test_every_path_that_a_document_names_is_there(name, least):
    text = (PROJECT / name).read_text(encoding="utf-8")
    written = set(re.findall(r"`([\w.][\w./-]*(?:/|\.(?:py|toml|json|md|yaml|conf|service)))`", text))
    linked = {(PROJECT / name).parent / link for link in re.findall(r"\]\((?!http)([^)#]+)\)", text)}
    assert len(written) + len(linked) >= least
    assert [str(path) for path in (*sorted(written), *linked) if not (PROJECT / path).exists()] == []


def test_every_room_stands_in_the_architecture():
    text = (PROJECT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    rooms = {path.parent.name for path in (PROJECT / "tl_core").glob("*/__init__.py")}
    assert {room for room in rooms if f"`tl_core/{room}/`" not in text} == set()


def test_the_readme_starts_the_app_and_the_tests_by_commands_that_exist():
    targets = set(re.findall(r"^([a-z]+):", (PROJECT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert {"app", "test"} <= targets
    for target in ("make app", "make test"):
        assert f"    {target}\n" in README


def test_the_bundled_assets_stay_below_140_megabytes():
    total = sum(path.stat().st_size for path in ASSETS.rglob("*") if path.is_file())
    assert total <= 140e6
