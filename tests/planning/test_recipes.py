"""The five programs: their runs fit together, their code is what it says, and what Keras answers is what it answers."""

import ast
import subprocess
import sys

import pytest

from tl_core.errors import UnknownIdError
from tl_core.models.catalog import backbone_info
from tl_core.phrases import LANGUAGES, keys
from tl_core.planning.plan import is_head_only
from tl_core.planning.recipes import PUBLISHED, RECIPES, recipe
from tl_core.spec import RunSpec

VARIANTS = [(one.id, variant) for one in RECIPES.values() for variant in one.variants]
CIFAR = "import numpy as np\nx, y = np.zeros((4, 32, 32, 3), 'float32'), np.array([[0], [1], [2], [3]])\n"
VGG = "import keras\nbase = keras.applications.VGG16(weights=None, include_top=False, input_shape=(32, 32, 3))\n"

# fault → the least program that has it
SNIPPETS = {
    "old_rate": "from keras.optimizers import Adam\nAdam(lr=0.001)",
    "old_fit": "import keras\nimage = keras.Input((4,))\nmodel = keras.Model(image, image)\nmodel.fit_generator(None)",
    "layers_not_output": f"{VGG}keras.layers.Flatten()(base.layers[:13])",
    "grey_28": f"{VGG}import numpy as np\nbase.predict(np.zeros((2, 28, 28)))",
    "two_outputs": (
        "import keras\nimport numpy as np\nmodel = keras.Sequential([keras.layers.Dense(2, activation='softmax')])\n"
        "model.compile('adam', loss='binary_crossentropy')\nmodel.fit(np.zeros((4, 8)), np.eye(10)[:4], verbose=0)"
    ),
    "loss_labels": (
        "import keras\nimport numpy as np\nmodel = keras.Sequential([keras.layers.Dense(14, activation='softmax')])\n"
        "model.compile('adam', loss='categorical_crossentropy')\n"
        "model.fit(np.zeros((4, 8)), np.arange(4), verbose=0)"
    ),
}


@pytest.mark.parametrize(("id", "variant"), VARIANTS)
def test_every_variant_fits_together_and_is_read_back_from_its_record(id, variant, home):
    spec = recipe(id).spec(variant, home)
    assert RunSpec.from_dict(spec.to_dict()) == spec


def test_the_mended_programs_have_no_fault_and_the_published_ones_have_what_their_words_say():
    assert {one.id: one.spec(one.first).fault for one in RECIPES.values()} == dict.fromkeys(RECIPES, "none")
    published = {one.id: one.spec(PUBLISHED).fault for one in RECIPES.values()}
    assert published == {
        "a": "unit-pixels",
        "b": "raw-pixels",
        "c": "unit-pixels",
        "c2": "raw-pixels",
        "d": "raw-pixels",
        "e": "unit-pixels",
    }


@pytest.mark.parametrize("id", sorted(set(RECIPES) - {"c2"}))  # an SVM on features
def test_a_run_flattens_where_its_program_does_unless_that_makes_no_difference(id):
    one = recipe(id)
    for text, variant in ((one.mended(), one.first), (one.published(), PUBLISHED)):
        spec = one.spec(variant)
        backbone = backbone_info(spec.backbone)
        side = backbone.sides[spec.image_size][backbone.n_used(spec.head_at) - 1]
        assert spec.is_flattened == ("Flatten()" in text and side > 1)


def test_what_is_said_to_be_frozen_is_and_what_the_code_never_froze_is_not():
    said, coded = recipe("b").spec("mended"), recipe("b").spec(PUBLISHED)
    assert is_head_only(said)
    assert (coded.n_frozen, coded.phases) == (0, 1)
    for spec in (said, coded):
        assert (spec.optimizer, spec.learning_rate, spec.momentum, spec.nesterov) == ("sgd", 0.01, 0.9, True)


def test_one_s_own_pictures_take_the_place_of_those_of_the_app_only_where_the_program_is_for_them(home):
    assert recipe("e").spec("mended", home, "mnist-small").dataset == "mnist-small"
    assert recipe("a").spec("mended", home, "mnist-small").dataset == "groceries"


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_recipe_variant_and_fault_has_its_words(language):
    wanted = {f"recipe.{id}.{word}" for id in RECIPES for word in ("title", "about")}
    wanted |= {f"recipe.{id}.{variant}{end}" for id, variant in VARIANTS for end in ("", "_name")}
    faults = {fault.code for one in RECIPES.values() for fault in one.faults}
    wanted |= {f"recipe_fault.{code}.{word}" for code in faults for word in ("title", "about")}
    assert wanted == {key for key in keys(language) if key.startswith(("recipe.", "recipe_fault."))}


@pytest.mark.parametrize("id", RECIPES)
def test_both_programs_are_python_and_the_difference_leads_from_the_one_to_the_other(id):
    one = recipe(id)
    ast.parse(one.published())
    ast.parse(one.mended())
    lines = one.difference().splitlines()
    assert [line[1:] for line in lines if line[:1] != "+"] == one.published().splitlines()
    assert [line[1:] for line in lines if line[:1] != "-"] == one.mended().splitlines()


@pytest.mark.parametrize(("id", "variant"), [("f", "mended"), ("a", "unknown")])
def test_what_there_is_not_is_refused_with_what_there_is(id, variant):
    with pytest.raises(UnknownIdError) as refused:
        recipe(id).spec(variant)
    assert refused.value.values["allowed"]


def test_a_fault_that_a_run_shows_names_a_variant_that_has_it():
    for one in RECIPES.values():
        assert {fault.shown_by for fault in one.faults} - {None} <= set(one.variants)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("code", "error"),
    [
        pytest.param(*fault, marks=[pytest.mark.full] if at else [])  # a process each, with Keras in it
        for at, fault in enumerate(
            sorted({(fault.code, fault.error) for one in RECIPES.values() for fault in one.faults if fault.error})
        )
    ],
)
def test_keras_answers_a_fault_with_the_words_that_the_page_repeats(code, error):
    done = subprocess.run([sys.executable, "-c", SNIPPETS[code]], capture_output=True, text=True)
    assert error in done.stderr
