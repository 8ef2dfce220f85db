import pytest

from tl_core.planning.fit import fitted
from tl_core.planning.lab_link import DEPENDENT, LabLink
from tl_core.planning.plan import plan_run
from tl_core.spec import RunSpec


def test_what_fits_stays_as_it_is():
    link = LabLink(plan_run({"backbone": "vgg16", "n_frozen": 3, "epochs": 7}), locked=frozenset({"backbone"}))
    assert fitted(link) == (link, [])


@pytest.mark.parametrize(
    ("asked", "name", "becomes"),
    [
        ({"backbone": "vgg16", "n_frozen": 900}, "n_frozen", 5),
        ({"backbone": "inception_v3", "image_size": 32}, "image_size", 96),
        ({"image_size": 300}, "image_size", 224),
        ({"per_class": 1}, "batch_size", 14),
        ({"dataset": "chest-xray-small", "per_class": 1}, "batch_size", 2),
        ({"dataset": "../../etc/passwd"}, "dataset", "groceries"),
        ({"backbone": "os.system"}, "backbone", "mobilenet_v2"),
        ({"threads": 256}, "threads", None),
        ({"n_frozen": 3, "unfreeze_every": 2, "schedule": "cosine"}, "unfreeze_every", 0),
        ({"backbone": "vgg16", "frozen_blocks": "3,5-9"}, "frozen_blocks", "3,5"),
    ],
)
def test_what_does_not_fit_becomes_the_nearest_that_does_and_is_named(asked, name, becomes):
    link, changed = fitted(LabLink(RunSpec(**asked)))
    assert changed == [name]
    assert link.spec == plan_run(RunSpec(**(asked | {name: becomes})).to_dict())


def test_what_is_left_open_is_planned_as_the_lab_does():
    left_open = frozenset(DEPENDENT)
    link, changed = fitted(LabLink(RunSpec(backbone="vgg16", optimizer="sgd"), left_open=left_open))
    assert (link.spec.n_frozen, link.spec.learning_rate, link.left_open, changed) == (5, 0.1, frozenset(), [])
    link, _ = fitted(LabLink(RunSpec(backbone="vgg16", n_frozen=2), left_open=left_open - {"n_frozen"}))
    assert (link.spec.phases, link.spec.learning_rate, link.spec.batchnorm) == (2, 1e-4, "frozen")


def test_the_rate_of_a_head_alone_goes_by_either_name_in_a_link():
    asked = RunSpec(backbone="vgg16", n_frozen=5, learning_rate=0.05)
    link, _ = fitted(LabLink(asked, left_open=frozenset(DEPENDENT) - {"n_frozen", "learning_rate"}))
    assert (link.spec.learning_rate, link.spec.head_learning_rate, link.spec.phases) == (0.05, 0.05, 1)


@pytest.mark.parametrize("head", ["svm", "logistic"])
def test_a_link_to_a_fitted_head_on_unfrozen_blocks_freezes_them_all(head):
    link, changed = fitted(LabLink(RunSpec(head=head, n_frozen=3, augment="light")))
    assert (link.spec.head, link.spec.n_frozen, link.spec.augment) == (head, 19, "none")
    assert {"n_frozen", "augment"} <= set(changed)
