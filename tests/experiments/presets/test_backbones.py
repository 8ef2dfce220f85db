"""What the advisor and its check may say, from made-up scores."""

import pytest

from tests.experiments.presets.made_up import rows
from tl_core.errors import InputError, UnknownIdError
from tl_core.experiments.presets import PRESETS
from tl_core.experiments.presets.advised import cases_of
from tl_core.experiments.presets.backbones import networks
from tl_core.experiments.presets.networks import CASES, available, depth_of, network_of, probed_blocks, sizes_of
from tl_core.experiments.sentence import sentence
from tl_core.models.catalog import backbones

BACKBONES, ADVISED = PRESETS["backbones"], PRESETS["advised"]


def scored(**levels: float | tuple) -> list[dict]:
    """Returns rows of some backbones at 64 px, whose last block scores as told and whose first one less."""
    found = []
    for at, (name, score) in enumerate(levels.items()):
        low = tuple(one - 0.2 for one in score) if isinstance(score, tuple) else score - 0.2
        blocks = {probed_blocks(name)[0]: low, probed_blocks(name)[-1]: score}
        found += rows(blocks, "block", shift=at, backbone=name, image_size=64)
    return found


def tuned(probe: dict, after: dict, **more: float) -> list[dict]:
    given = rows(probe, "arm", n_seeds=3, way="probe")
    return given + rows(after, "arm", n_seeds=3, shift=1, way="tuned", **more)


# ---- what is trained ----


def test_every_backbone_that_is_here_is_probed_at_its_sizes_and_four_depths(home):
    sweep = BACKBONES.sweep({}, 1, home)
    assert {cell.factors["backbone"] for cell in sweep.cells} == {*available(home)}
    assert len(sweep.cells) == 4 * sum(len(sizes_of(name)) for name in available(home))
    for trial in sweep.trials(home):
        info = backbones()[trial.spec.backbone]
        names = [block.name for block in info.blocks]
        assert names[info.n_used(trial.spec.head_at) - 1] == trial.factors["block"]
        assert (trial.spec.head, trial.spec.image_size) == ("logistic", trial.factors["image_size"])
        assert trial.spec.n_frozen == info.n_used(trial.spec.head_at)


def test_one_backbone_or_one_size_alone_may_be_asked_for(home):
    sweep = BACKBONES.sweep({"backbone": "squeezenet", "image_size": 96, "dataset": "cifar10-small"}, 2, home)
    assert {cell.factors["image_size"] for cell in sweep.cells} == {96}
    assert (sweep.n_trials, sweep.base["dataset"], sweep.base["per_class"]) == (8, "cifar10-small", 50)
    with pytest.raises(UnknownIdError):
        BACKBONES.sweep({"backbone": "none"}, 1, home)


@pytest.mark.parametrize("backbone", list(backbones()))
def test_depths_are_quarters_as_nearly_as_there_are_blocks(backbone):
    shares = [depth_of(backbone, block) for block in probed_blocks(backbone)]
    assert shares == sorted(set(shares))
    assert shares[-1] == 1
    assert all(abs(share - at / 4) <= 0.15 for at, share in enumerate(shares, 1))


# ---- the advice ----


def test_networks_are_ranked_by_their_best_block():
    found = networks(scored(squeezenet=0.5, vgg16=0.7, resnet50=0.6))
    assert [one.backbone for one in found] == ["vgg16", "resnet50", "squeezenet"]
    assert found[0].block == "block5"
    assert cases_of(scored(squeezenet=0.5, vgg16=0.7, resnet50=0.6)) == ("vgg16@64", "resnet50@64", "squeezenet@64")
    assert cases_of([]) == ()


def test_one_that_is_clearly_best_is_said_to_be_so_and_by_how_much():
    given = scored(squeezenet=0.5, vgg16=0.7, resnet50=0.6)
    said = BACKBONES.answer(given)
    assert said is not None
    assert (said.code, said.values["best"], said.values["second"]) == (
        "backbones_best",
        "VGG16 64 px",
        "ResNet50 64 px",
    )
    assert said.values["difference"] == pytest.approx(0.1, abs=0.01)
    assert BACKBONES.verdict(given) == "vgg16"
    assert "VGG16 64 px is best, with the probe on its block “block5”: " in sentence("backbones", said, "en")


def test_those_within_noise_of_the_best_are_named_and_the_worse_ones_counted():
    wide = (0.6, 0.8, 0.7, 0.66, 0.72)
    given = scored(squeezenet=0.3, vgg16=0.7, resnet50=wide)
    said = BACKBONES.answer(given)
    assert said is not None
    assert (said.code, said.values["n_worse"], said.values["n"]) == ("backbones_shared", 1, 2)
    assert said.values["worst"] == "SqueezeNet 1.1 64 px"
    assert said.values["alike"] in ("VGG16 64 px", "ResNet50 64 px")
    assert BACKBONES.verdict(given) == "several"


def test_what_chance_explains_is_no_advice():
    one, other = (0.6, 0.8, 0.7, 0.66, 0.72), (0.7, 0.69, 0.7, 0.75, 0.61)
    said = BACKBONES.answer(scored(squeezenet=one, vgg16=other))
    assert said is not None
    assert said.code == "backbones_noise"
    assert BACKBONES.verdict(scored(squeezenet=one, vgg16=other)) == "several"


def test_seeds_that_all_give_the_same_say_nothing():
    same = [{**row, "test_accuracy": 0.5 if row["backbone"] == "vgg16" else 0.4} for row in scored(vgg16=1, resnet50=1)]
    said = BACKBONES.answer(same)
    assert said is not None
    assert said.code == "no_spread"
    assert BACKBONES.verdict(same) is None


@pytest.mark.parametrize(
    ("small", "large", "code"),
    [(0.5, 0.7, "backbones_size"), (0.7, 0.5, "backbones_size_small"), (0.6, 0.6001, "backbones_size_noise")],
)
def test_it_is_told_what_the_larger_pictures_bring(small, large, code):
    given = rows({"fire9": small}, "block", backbone="squeezenet", image_size=64)
    given += rows({"fire9": large}, "block", shift=1, backbone="squeezenet", image_size=128)
    said = BACKBONES.answer(given)
    assert said is not None
    assert said.code == code
    assert BACKBONES.verdict(given) is None


def test_one_seed_is_no_advice():
    given = [row for row in scored(squeezenet=0.5, vgg16=0.7) if row["seed"] == 0]
    assert BACKBONES.answer(given) is None


# ---- the check ----


def test_each_network_is_probed_and_tuned_on_the_same_pictures():
    sweep = ADVISED.sweep({"arms": "resnet50@64,squeezenet@96"}, 1)
    specs = [trial.spec for trial in sweep.trials()]
    assert [(spec.backbone, spec.image_size) for spec in specs[::2]] == [("resnet50", 64), ("squeezenet", 96)]
    assert [spec.head for spec in specs] == ["logistic", "linear"] * 2
    assert [spec.n_frozen for spec in specs] == [17, 11, 9, 6]
    assert len({(spec.per_class, spec.dataset, spec.seed) for spec in specs}) == 1
    assert {*ADVISED.arms} == {*CASES}
    assert {network_of(arm)[0] for arm in CASES} <= {*backbones()}


@pytest.mark.parametrize("arm", ["vgg16", "vgg16@", "vgg16@big", "vgg16@99999", ""])
def test_what_is_no_network_at_a_size_is_refused(arm):
    with pytest.raises(InputError) as refused:
        ADVISED.sweep({"arms": [arm]}, 1)
    assert refused.value.code == "bad_network"


THREE = {"resnet50@64": 0.7, "mobilenet_v2@64": 0.6, "squeezenet@64": 0.5}


@pytest.mark.parametrize(
    ("after", "code", "counts", "choice"),
    [
        ((0.8, 0.7, 0.6), "advised_same", (3, 0, 0), "kept"),
        ((0.7, 0.8, 0.6), "advised_turned", (2, 1, 0), "turned"),
        ((0.8, 0.7, (0.5, 0.9, 0.7)), "advised_some", (1, 0, 2), None),
        (((0.5, 0.9, 0.7), (0.9, 0.5, 0.7), (0.7, 0.5, 0.9)), "advised_noise", (0, 0, 3), None),
    ],
)
def test_the_advice_is_judged_by_the_pairs_that_tuning_tells_apart(after, code, counts, choice):
    given = tuned(THREE, dict(zip(THREE, after, strict=True)))
    said = ADVISED.answer(given)
    assert said is not None
    values = said.values
    assert (said.code, (values["n_same"], values["n_turned"], values["n_open"])) == (code, counts)
    assert ADVISED.verdict(given) == choice


def test_the_first_and_the_last_are_told_by_name_and_ranks_by_tau():
    said = ADVISED.answer(tuned(THREE, dict(zip(THREE, (0.6, 0.7, 0.8), strict=True))))
    assert said is not None
    assert (said.code, said.values["tau"]) == ("advised_turned", "−1.00")
    (more,) = said.more
    assert (more.code, more.values["first"], more.values["last"]) == (
        "advised_last_better",
        "ResNet50 64 px",
        "SqueezeNet 1.1 64 px",
    )


def test_one_network_is_no_order():
    assert ADVISED.answer(tuned({"vgg16@64": 0.5}, {"vgg16@64": 0.6})) is None


def test_without_arms_a_backbone_stands_beside_itself_at_its_sizes():
    sweep = ADVISED.sweep({"backbone": "resnet50"}, 1)
    assert [cell.factors["arm"] for cell in sweep.cells[::2]] == ["resnet50@64", "resnet50@96"]
