"""The check of pasted Keras code: nothing is said of right programs, and of wrong ones where they are wrong."""

import ast
import json
import re
import sys
from contextlib import suppress

import pytest

from tl_core.errors import InputError
from tl_core.lessons.code_check.check import check
from tl_core.lessons.code_check.program import MOST_CHARACTERS
from tl_core.paths import PROJECT
from tl_core.phrases import LANGUAGES, keys
from tl_core.planning.recipes import RECIPES

HERE = PROJECT / "tests" / "lessons"
CORRECT = sorted((HERE / "correct_programs").glob("*.py"))
FAULTY = sorted((HERE / "faulty_programs").glob("*.py"))
MARK = re.compile(r"  #! (.*)")
# what a published recipe is found to do wrong, by line; what is old besides is not listed
PUBLISHED = {
    "a": {(15, "integer_labels"), (17, "unit_pixels"), (20, "validation_is_test")},
    "b": {(12, "never_frozen"), (12, "no_preprocessing"), (20, "validation_is_test")},
    "c": {
        (9, "unit_pixels"),
        (16, "layers_no_tensor"),
        (19, "outputs_classes"),
        (23, "picture_shape"),
        (23, "validation_is_test"),
    },
    "c2": {(7, "no_preprocessing")},
    "d": {(17, "no_preprocessing")},
    "e": {(14, "unit_pixels"), (18, "validation_is_test")},
}


def found(text: str) -> set[tuple[int, str]]:
    return {(one.line, one.code) for one in check(text).findings}


def marked(text: str) -> set[tuple[int, str]]:
    """Returns line and code of each mark."""
    lines = enumerate(text.splitlines(), start=1)
    return {(n, code.strip()) for n, line in lines for mark in MARK.findall(line) for code in mark.split(",")}


def test_there_are_programs_enough():
    assert (len(CORRECT) >= 25, len(FAULTY) >= 40) == (True, True)


@pytest.mark.parametrize("path", CORRECT, ids=lambda path: path.stem)
def test_nothing_is_said_of_a_right_program(path):
    report = check(path.read_text())
    assert (report.is_keras, report.findings) == (True, ())


@pytest.mark.parametrize("id", RECIPES)
def test_nothing_is_said_of_a_mended_recipe(id):
    assert found(RECIPES[id].mended()) == set()


@pytest.mark.parametrize("id", RECIPES)
def test_a_published_recipe_is_found_out(id):
    findings = check(RECIPES[id].published()).findings
    assert {(one.line, one.code) for one in findings if one.level != "old"} == PUBLISHED[id]


@pytest.mark.parametrize("path", FAULTY, ids=lambda path: path.stem)
def test_what_is_wrong_is_found_on_its_line_and_nothing_else(path):
    text = path.read_text()
    assert marked(text)
    assert found(MARK.sub("", text)) == marked(text)


def test_every_finding_has_words_in_every_language_and_is_tried_by_a_program():
    tried = {code for path in FAULTY for _, code in marked(path.read_text())}
    written = {one.split(".")[2] for one in keys("en") if one.startswith("code_check.finding.")}
    assert written == tried
    for language in LANGUAGES:
        for code in written:
            assert {f"code_check.finding.{code}.{part}" for part in ("title", "means", "mend")} <= keys(language)


def test_nothing_is_ever_run():
    check("raise SystemExit\nimport os\nos.abort()\n__import__('os').abort()\nopen('x', 'w')")


def test_a_notebook_is_read_cell_by_cell_and_its_magics_are_left_out():
    cells = [
        {"cell_type": "markdown", "source": ["# lr=1 in words"]},
        {"cell_type": "code", "source": ["!pip install keras\n", "%matplotlib inline\n", "import keras\n"]},
        {"cell_type": "code", "source": "%%bash\nls -la | grep x"},
        {
            "cell_type": "code",
            "source": ["files = !ls\n", "%time fit()\n", "keras.optimizers.Adam(lr=1)"],
        },
    ]
    report = check(json.dumps({"cells": cells, "nbformat": 4}))
    assert [(one.code, report.line(one.line)) for one in report.findings] == [
        ("old_rate", "keras.optimizers.Adam(lr=1)")
    ]


@pytest.mark.parametrize(
    "text",
    [
        ">>> import keras\n>>> keras.optimizers.Adam(lr=1)\n<keras.Adam>",
        "In [3]: import keras\n   ...: \nIn [4]: keras.optimizers.Adam(lr=1)",
        "Look:\n```python\nimport keras\nkeras.optimizers.Adam(lr=1)\n```\nand so on",
        "    import keras\n    keras.optimizers.Adam(lr=1)",
        "\ufeffimport keras\r\nkeras.optimizers.Adam(lr=1)\r\n",
        "import keras\n!pip install x \\\n  y\nkeras.optimizers.Adam(lr=1)",
        "optimizer = Adam(lr=1)",
        "from keras.optimizers import *\nAdam(lr=1)",
    ],
)
def test_prompts_fences_and_what_is_around_a_program_do_not_matter(text):
    assert {code for _, code in found(text)} == {"old_rate"}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "code_empty"),
        ("   \n\n", "code_empty"),
        ("x = 1\ny = = 2", "code_syntax"),
        ("print 'hello'", "code_syntax"),
        ("x = 1\0", "code_syntax"),
        ("(" * 3000 + ")" * 3000, "code_syntax"),
        ("x" * (MOST_CHARACTERS + 1), "code_too_long"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(text, code):
    with pytest.raises(InputError) as raised:
        check(text)
    assert raised.value.code in {code, "code_unreadable"}


def test_a_syntax_error_names_its_line():
    with pytest.raises(InputError) as raised:
        check("import keras\n\nmodel.fit(x,\n  y = = 2)\n")
    assert raised.value.values["line"] == 4


@pytest.mark.parametrize(
    "text",
    [
        "x = " + "-" * 5000 + "1",
        "x = " + "+".join(["a"] * 20_000),
        "def f(n): return f(n)\nf(1)",
        "def f(): g()\ndef g(): f()\nf()",
        "".join(f"{'    ' * n}for x{n} in y:\n" for n in range(18)) + "    " * 18 + "pass",
        "".join(f"{'    ' * n}if x{n}:\n" for n in range(90)) + "    " * 90 + "pass",
        "import keras\nm = keras.Sequential()\n" + "m.add(keras.layers.Dense(1))\nm.trainable = False\n" * 3000,
        "\n".join(f"if x{n}:\n    a{n} = keras.layers.Dense({n})" for n in range(4000)),
        "class A:\n    def __init__(self): self.a = A()\nA()",
        "lambda: (yield)\nmatch x:\n    case {'a': [1, *_]}: y = 1\n    case _: pass",
        "try:\n    pass\nexcept* OSError: pass",
    ],
)
def test_what_is_nested_or_repeated_without_end_is_given_up_in_time(text):
    with suppress(InputError):
        assert check(text).findings is not None


def test_any_file_of_this_project_can_be_checked():
    for path in sorted((PROJECT / "tl_core").rglob("*.py")):
        text = path.read_text()
        if text.strip():
            assert found(text) == set(), path


def test_what_names_keras_2_may_use_what_keras_3_has_no_more():
    old = "from keras.layers.core import Dense\nfrom keras.optimizers import Adam\nAdam(lr=1)\n"
    assert len(found(old)) == 2
    assert found('import os\nos.environ["TF_USE_LEGACY_KERAS"] = "1"\n' + old) == set()


def test_the_reader_knows_every_statement_of_the_language():
    from tl_core.lessons.code_check.interpreter import Interpreter

    harmless = {"Expr", "Assert", "TypeAlias"}  # what is in them is looked at, and that is all
    own = (one for one in ast.stmt.__subclasses__() if one.__module__ in ("ast", "_ast"))  # libraries add more
    statements = {one.__name__ for one in own} - {"slice", "ExtSlice", "Index"}
    assert {name for name in statements if not hasattr(Interpreter, f"_{name}")} - harmless == set()
    assert sys.version_info >= (3, 11)
