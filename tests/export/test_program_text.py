"""Programs as text: they are Python that a formatter has nothing to say about, and import nothing of this project."""

import ast
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from patience import PATIENCE_S
from specs import HEAD_ONLY, RECIPES, TUNED, drawn

from tl_core.errors import InputError
from tl_core.export.notebook import notebook_text
from tl_core.export.program import fitting
from tl_core.export.program.facts import FAULTY, Facts, facts_of
from tl_core.export.program.network import APPLICATIONS, BESIDE, HEADS, PREPROCESSING
from tl_core.export.program.pieces import broken
from tl_core.export.program.training import SCHEDULES
from tl_core.export.script import script_text
from tl_core.export.summary import summary_text
from tl_core.models.catalog import backbones
from tl_core.models.layer_table import layer_table
from tl_core.paths import PROJECT
from tl_core.phrases import LANGUAGES, phrase
from tl_core.planning.plan import plan_run
from tl_core.seeds import child_seed
from tl_core.spec import CHOICES, FAULTS, RunSpec
from tl_core.store.records import RunRecord, RunState
from tl_core.training import logistic, svm

ALLOWED = {"csv", "hashlib", "pathlib", "keras", "numpy", "PIL", "sklearn", "squeezenet", "efficientnet_lite"}
AUGMENTED = plan_run({"augment": "light", "batchnorm_momentum": 0.9, "batchnorm": "trained", "freeze": "block_13"})
SPECS = [HEAD_ONLY, AUGMENTED, *RECIPES.values(), *TUNED.values(), *drawn(60, seed=15)]
FAMILIES = {info.family for info in backbones().values()}


def record(spec: RunSpec, **changes: object) -> RunRecord:
    about = {"id": "f" * 32, "seq": 1, "name": '"""\nimport os', "role": "run", "twin_id": None, "owner": "local"}
    made = RunRecord(**about, state=RunState.COMPLETED, spec=spec.to_dict(), environment={}, created_at="2026-01-01")
    return replace(made, test_accuracy=0.5, **changes)


def facts(spec: RunSpec, language: str = "en", **changes: object) -> Facts:
    return facts_of(record(spec, **changes), Path("nowhere"), language)


def ruff(folder: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "ruff", *arguments, "--no-cache", "--config", str(PROJECT / "pyproject.toml"), "."]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=PATIENCE_S).stdout


@pytest.mark.parametrize("language", LANGUAGES)
def test_linter_and_formatter_leave_every_program_as_it_is(tmp_path, language):
    for name in BESIDE.values():  # it lies beside those that import it
        (tmp_path / f"{name[0]}.py").write_bytes((PROJECT / "tl_core" / "models" / f"{name[0]}.py").read_bytes())
    for number, spec in enumerate(SPECS):
        (tmp_path / f"program_{number}.py").write_text(script_text(facts(spec, language)), encoding="utf-8")
    assert ruff(tmp_path, "check") == "All checks passed!\n"
    assert ruff(tmp_path, "format", "--diff") == ""


@pytest.mark.parametrize("spec", SPECS)
def test_a_program_needs_only_keras_numpy_and_pillow_and_can_be_read_in_one_go(spec):
    text = script_text(facts(spec))
    imported = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {alias.name for node in imported if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in imported if isinstance(node, ast.ImportFrom)}
    assert {name.split(".")[0] for name in names} <= ALLOWED
    assert len(text.splitlines()) <= 180
    assert "import os" not in text  # a run's name is a stranger's text


def test_every_choice_of_a_spec_is_known_to_the_programs():
    assert set(HEADS) >= set(CHOICES["head"])
    assert set(SCHEDULES) >= set(CHOICES.get("schedule", ()))
    assert set(PREPROCESSING) == set(APPLICATIONS) | set(BESIDE) == set(backbones())


def test_a_fit_comes_to_rest_where_that_of_the_run_does():
    assert fitting.MOST_ROUNDS == svm.MOST_ROUNDS
    assert fitting.MOST_ITERATIONS == logistic.MOST_ITERATIONS
    for c in (0.01, 1.0, 250.0):
        text = script_text(facts(RECIPES["probe to convergence"].with_changes(logistic_c=c)))
        assert f"C={c}, class_weight=class_weight, max_iter=1000, tol={logistic.tolerance(c)})" in text


def test_seeds_rates_and_sizes_of_the_run_stand_in_the_program():
    spec = plan_run({"freeze": "block_14", "head": "dense", "dropout": 0.25, "seed": 7, "image_size": 96})
    text = script_text(facts(spec))
    for name in ("head_logits", "head_hidden", "dropout"):
        assert f"seed={child_seed(7, name)}" in text
    assert "SIDE, BATCH = 96, 32" in text
    assert "train(keras.optimizers.Adam(0.002), epochs=5)" in text
    assert 'freeze(names.index("block_14_add") + 1)' in text
    assert "train(keras.optimizers.Adam(0.0001), epochs=5, best=best)" in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_cannot_be_as_in_the_run_is_said_first_and_only_then(language):
    exact, said = facts(HEAD_ONLY, language), lambda text: text.split('"""')[1]
    keys = ("differs_fast", "differs_augment", "differs_all", "differs_stopped")
    head = said(script_text(exact)).replace("\n", " ")
    assert not [key for key in keys if exact.say(key)[:20] in head]
    odd = facts(AUGMENTED, language, state=RunState.STOPPED)
    assert all(odd.say(key)[:20] in said(script_text(odd)).replace("\n", " ") for key in keys)


@pytest.mark.parametrize("spec", SPECS[:4])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_notebook_is_valid_and_has_the_code_of_the_script(spec, language):
    told = facts(spec, language)
    book = nbformat.reads(notebook_text(told), as_version=4)
    nbformat.validate(book)
    code = "\n".join(cell.source for cell in book.cells if cell.cell_type == "code")
    lines = [line for line in script_text(told).splitlines() if line and not line.startswith("HERE")]
    assert [line for line in code.splitlines() if line not in lines and not line.startswith("HERE") and line] == []
    assert len([cell for cell in book.cells if cell.cell_type == "markdown"]) == 6


def test_a_notebook_is_json_that_names_a_kernel():
    book = json.loads(notebook_text(facts(HEAD_ONLY)))
    assert (book["nbformat"], book["nbformat_minor"]) == (4, 5)
    assert book["metadata"]["kernelspec"]["name"] == "python3"
    assert len({cell["id"] for cell in book["cells"]}) == len(book["cells"])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_layers_are_a_table_of_text_whose_columns_stand_below_each_other(language):
    text = summary_text(layer_table(HEAD_ONLY, 5), language)
    rows = [line for line in text.splitlines() if line.startswith(("block_", "head_", "Conv"))]
    assert len(rows) > 140
    assert len({row.index("(None") for row in rows}) == 1
    assert "6,405" in text.splitlines()[-2]  # (1,280 + 1) · 5, all that learns


def test_a_run_that_is_under_way_or_was_trained_elsewhere_has_no_program():
    with pytest.raises(InputError, match="code_active"):
        facts(HEAD_ONLY, state=RunState.RUNNING)
    with pytest.raises(InputError, match="code_elsewhere"):
        facts(HEAD_ONLY, environment={"imported": {}})


@pytest.mark.parametrize("start", [{"weights": "matched"}, {"n_pretrained": 3}])
def test_a_run_that_starts_in_a_way_that_no_program_has_says_so(start):
    with pytest.raises(InputError, match="code_start"):
        facts(HEAD_ONLY.with_changes(**start))


@pytest.mark.parametrize("fault", FAULTS)
def test_a_program_has_the_fault_of_its_run_where_it_says_so_and_otherwise_there_is_none(fault):
    if fault not in FAULTY:
        with pytest.raises(InputError, match="code_fault"):
            facts(HEAD_ONLY.with_changes(fault=fault))
        return
    text, about = script_text(facts(HEAD_ONLY.with_changes(fault=fault))), phrase("en", f"code.{FAULTY[fault].about}")
    assert about in " ".join(text.replace("#", "").split())
    assert ("(x - 127.5)" in text) == FAULTY[fault].has_usual


def test_lines_are_broken_at_words_or_between_chinese_signs():
    assert broken("one two three", 8) == ["one two", "three"]
    assert broken("一二三，四五", 8) == ["一二三，", "四五"]
    assert broken("用 keras 训练", 9) == ["用 keras", "训练"]
