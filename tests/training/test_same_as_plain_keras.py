"""The equality on which the cache rests: training behind the cut equals plain Keras training with the prefix frozen.

Both sides see the same batches in the same order. In float64 every weight agrees to the last bit, given batches as
large as those of the cache (32): a batch of another size takes other paths through the matrix kernels, which round
differently.

Worth its minute in the ordinary run: whatever the cache gives stands and falls with it, for a chain of blocks (VGG16),
sums around them (ResNet50) and real weights (MobileNetV2).
"""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tl_core.datasets.arrays import Dataset
from tl_core.datasets.catalog import dataset_info
from tl_core.models.build import Network, build
from tl_core.spec import RunSpec
from tl_core.training.clock import Clock
from tl_core.training.events import Epoch
from tl_core.training.extraction import BATCH
from tl_core.training.feature_cache import FeatureCache, FeatureSource, prefix_key
from tl_core.training.inputs import Inputs
from tl_core.training.optimizers import make_optimizer
from tl_core.training.phases import Phases
from tl_core.training.proof import block_hashes, compare
from tl_core.training.trainer import Trainer, batches

TRAIN, VALIDATION = np.arange(40), np.arange(40, 44)
LABELS = np.arange(44) % 3

# backbone, picture side, frozen blocks, the last frozen layer, epochs: a chain of each kind; the quickest to compile
# also shows that a second epoch starts from the same weights
CUTS = [("mobilenet_v2", 64, 18, "block_16_project_BN", 2)]
FLOAT32_CUTS = [CUTS[0], ("mobilenet_v2", 64, 19, "out_relu", 2)]
ALL_CUTS = CUTS + [
    pytest.param(*cut, 2, marks=pytest.mark.full)
    for cut in [
        ("mobilenet_v2", 64, 14, "block_12_add"),
        ("mobilenet_v2", 64, 19, "out_relu"),
        ("vgg16", 32, 3, "block3_pool"),
        ("vgg16", 32, 4, "block4_pool"),
        ("vgg16", 32, 5, "block5_pool"),
        ("resnet50", 32, 15, "conv5_block1_out"),
        ("resnet50", 32, 16, "conv5_block2_out"),
        ("resnet50", 32, 17, "conv5_block3_out"),
    ]
]

PHASE_CUTS = [
    ("mobilenet_v2", 64, 18, "block_16_project_BN"),
    *(
        pytest.param(*cut, marks=pytest.mark.full)
        for cut in [
            ("mobilenet_v2", 64, 14, "block_12_add"),
            ("mobilenet_v2", 64, 17, "block_15_add"),
            ("vgg16", 32, 2, "block2_pool"),
            ("vgg16", 32, 3, "block3_pool"),
            ("vgg16", 32, 4, "block4_pool"),
            ("resnet50", 32, 14, "conv4_block6_out"),
            ("resnet50", 32, 15, "conv5_block1_out"),
            ("resnet50", 32, 16, "conv5_block2_out"),
        ]
    ),
]


# backbone, frozen blocks, the last layer of the prefix, blocks frozen behind it, the beginnings of their layers' names
FURTHER = [
    ("squeezenet", 7, "fire7", "9", ("fire9_",)),
    pytest.param("mobilenet_v2", 15, "block_13_project_BN", "17,19", ("block_15_", "Conv_1"), marks=pytest.mark.full),
]


@pytest.fixture
def float64():
    before = keras.config.floatx(), keras.config.dtype_policy()
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    yield
    keras.config.set_floatx(before[0])
    keras.config.set_dtype_policy(before[1])


def pictures(side: int) -> np.ndarray:
    """Returns smooth patches of colour: uint8 (44, side, side, 3)."""
    corners = np.random.default_rng(1).integers(0, 256, (len(LABELS), 4, 4, 3))
    return np.kron(corners, np.ones((1, side // 4, side // 4, 1))).astype(np.uint8)


def calibrate(model: keras.Model, images: np.ndarray) -> None:
    """Gives a random network's BatchNorm layers the statistics of the data, as a trained one has them."""
    layers = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    before = [(layer.momentum, layer.trainable) for layer in layers]
    for layer in layers:
        layer.momentum, layer.trainable = 0.0, True
    model(images, training=True)
    for layer, (momentum, trainable) in zip(layers, before, strict=True):
        layer.momentum, layer.trainable = momentum, trainable


def start(spec: RunSpec, images: np.ndarray) -> Network:
    network = build(spec, 3)
    if spec.weights == "random":
        calibrate(network.full, images)
    return network


def finish(events):
    """Runs a generator to its end; returns what it returns."""
    while True:
        try:
            next(events)
        except StopIteration as end:
            return end.value


def train_behind_the_cut(network: Network, spec: RunSpec, images: np.ndarray, folder) -> None:
    cache = FeatureCache(folder, 10**10)
    key = prefix_key(network.prefix, "patches", spec.image_size, "CPU")
    parts = tuple(
        (chosen, finish(cache.features(network.prefix, key, images.__getitem__, chosen)))
        for chosen in (TRAIN, VALIDATION)
    )
    trainer = Trainer(network.suffix, FeatureSource(parts), LABELS, TRAIN, VALIDATION, spec, Clock())
    assert finish(trainer.run()) is None
    assert trainer.progress.epoch == spec.epochs


def train_plainly(model: keras.Model, last_frozen: str, spec: RunSpec, images: np.ndarray) -> None:
    """What a textbook does: freeze layers, compile, fit."""
    names = [layer.name for layer in model.layers]
    for layer in model.layers:
        layer.trainable = layer.name in names[names.index(last_frozen) + 1 :]
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.SGD(spec.learning_rate, momentum=0.9), loss=loss, jit_compile=False)
    for epoch in range(1, spec.epochs + 1):
        order = batches(TRAIN, spec.batch_size, spec.seed, epoch).ravel()
        model.fit(images[order], LABELS[order], batch_size=spec.batch_size, epochs=1, shuffle=False, verbose=0)


def train_both(
    backbone: str, side: int, n_frozen: int, last_frozen: str, epochs: int, folder
) -> tuple[Network, keras.Model, list]:
    """Trains behind the cut and plainly from the same weights; returns both networks, and the weights before."""
    weights = "pretrained" if backbone == "mobilenet_v2" else "random"
    spec = RunSpec(
        backbone=backbone,
        weights=weights,
        n_frozen=n_frozen,
        image_size=side,
        batch_size=BATCH,
        epochs=epochs,
        optimizer="sgd",
        learning_rate=1e-3,
        seed=5,
        arithmetic="exact",
    )
    images = pictures(side)
    network = start(spec, images)
    plain = build(spec.with_changes(n_frozen=0), 3).full
    plain.set_weights(network.full.get_weights())
    before = network.full.get_weights()

    train_behind_the_cut(network, spec, images, folder)
    train_plainly(plain, last_frozen, spec, images)
    return network, plain, before


@pytest.mark.slow
@pytest.mark.parametrize(("backbone", "side", "n_frozen", "last_frozen", "epochs"), ALL_CUTS)
def test_training_behind_the_cut_equals_plain_training_to_the_last_bit(
    backbone, side, n_frozen, last_frozen, epochs, float64, tmp_path
):
    network, plain, before = train_both(backbone, side, n_frozen, last_frozen, epochs, tmp_path)
    cached, plainly = network.full.get_weights(), plain.get_weights()
    differences = [np.abs(mine - theirs).max() for mine, theirs in zip(cached, plainly, strict=True)]
    assert max(differences) == 0
    assert plainly[-1].dtype == np.float64
    assert np.isfinite(np.concatenate([array.ravel() for array in cached])).all()
    n_moved = sum(not np.array_equal(old, new) for old, new in zip(before, cached, strict=True))
    assert n_moved == len(network.suffix.weights) - len(unmoved(network))


def unmoved(network: Network) -> list:
    """Returns the suffix's weights that training cannot move."""
    return [weight for layer in network.suffix.layers if not layer.trainable for weight in layer.weights]


@pytest.mark.slow
@pytest.mark.full  # what is equal to the last bit in float64 is computed by the same operations
@pytest.mark.parametrize(("backbone", "side", "n_frozen", "last_frozen", "epochs"), FLOAT32_CUTS)
def test_in_float32_too_every_weight_agrees_to_a_millionth(backbone, side, n_frozen, last_frozen, epochs, tmp_path):
    network, plain, _ = train_both(backbone, side, n_frozen, last_frozen, epochs, tmp_path)
    for mine, theirs in zip(network.full.get_weights(), plain.get_weights(), strict=True):
        assert mine.dtype == np.float32
        assert np.linalg.norm(mine - theirs) <= 1e-6 * np.linalg.norm(theirs)


@pytest.mark.slow
@pytest.mark.parametrize(("backbone", "side", "n_frozen", "last_frozen"), PHASE_CUTS)
def test_two_phases_equal_two_plain_trainings_one_after_the_other_to_the_last_bit(
    backbone, side, n_frozen, last_frozen, float64, tmp_path
):
    """First the head, then the blocks with BatchNorm frozen; both with an optimiser of their own, as in Keras' guide.

    The weights that are compared are those after the last step, whichever epoch was the best.
    """
    weights = "pretrained" if backbone == "mobilenet_v2" else "random"
    spec = RunSpec(
        backbone=backbone,
        weights=weights,
        n_frozen=n_frozen,
        image_size=side,
        batch_size=BATCH,
        phases=2,
        head_epochs=1,
        head_learning_rate=1e-2,
        epochs=1,
        optimizer="sgd",
        learning_rate=1e-3,
        batchnorm="frozen",
        seed=5,
        arithmetic="exact",
    )
    images = pictures(side)
    network = start(spec, images)
    plain = build(spec.with_changes(n_frozen=0, batchnorm="trained"), 3).full
    plain.set_weights(network.full.get_weights())

    data = Dataset(dataset_info("groceries"), images, LABELS, TRAIN, VALIDATION, VALIDATION)
    phases = Phases(Inputs(spec, network, data, TRAIN, FeatureCache(tmp_path, 10**10), "CPU"), Clock())
    last = None
    for event in phases.run():
        if isinstance(event, Epoch):
            last = network.full.get_weights()
    names = [layer.name for layer in plain.layers]
    head = next(name for name in reversed(names) if not name.startswith("head_"))
    for epoch, last_frozen_now, rate in ((1, head, 1e-2), (2, last_frozen, 1e-3)):
        fit_plainly(plain, names[names.index(last_frozen_now) + 1 :], rate, spec, images, [epoch])
    differences = [np.abs(mine - theirs).max() for mine, theirs in zip(last, plain.get_weights(), strict=True)]
    assert max(differences) == 0


@pytest.mark.slow
@pytest.mark.parametrize(("backbone", "n_frozen", "last_frozen", "further", "stems"), FURTHER)
def test_blocks_frozen_behind_the_cut_are_those_of_plain_keras_to_the_last_bit(
    backbone, n_frozen, last_frozen, further, stems, float64, tmp_path
):
    fields = {"batch_size": BATCH, "epochs": 1, "optimizer": "sgd", "learning_rate": 1e-3, "batchnorm": "frozen"}
    spec = RunSpec(backbone=backbone, n_frozen=n_frozen, frozen_blocks=further, image_size=64, seed=5, **fields)
    spec, images = spec.with_changes(arithmetic="exact"), pictures(64)
    network = build(spec, 3)
    plain = build(spec.with_changes(n_frozen=0, frozen_blocks=""), 3).full
    before = block_hashes(network)
    train_behind_the_cut(network, spec, images, tmp_path)
    names = [layer.name for layer in plain.layers]
    last = max(at for at, name in enumerate(names) if name.startswith(last_frozen))
    fit_plainly(plain, [name for name in names[last + 1 :] if not name.startswith(stems)], 1e-3, spec, images, [1])
    mine, theirs = network.full.get_weights(), plain.get_weights()
    assert max(np.abs(one - other).max() for one, other in zip(mine, theirs, strict=True)) == 0
    rows = compare(network, before, block_hashes(network))
    assert [row["frozen"] for row in rows] == [spec.is_frozen(at) for at in range(len(network.blocks))] + [False]
    assert all(row["as_expected"] for row in rows)
    assert network.frozen_params == sum(layer.count_params() for b in network.frozen_blocks for layer in b.layers)


UNFROZEN = [
    ("squeezenet", 64, 7, "", [("fire9_",), ("fire8_",)]),
    pytest.param(
        "mobilenet_v2", 64, 15, "18", [("Conv_1", "out_relu"), ("block_15_",), ("block_14_",)], marks=pytest.mark.full
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", ["sgd", pytest.param("adam", marks=pytest.mark.full)])
@pytest.mark.parametrize(("backbone", "side", "n_frozen", "further", "groups"), UNFROZEN)
def test_unfreezing_block_by_block_at_rates_of_their_own_is_that_of_plain_keras(
    backbone, side, n_frozen, further, groups, optimizer, float64, tmp_path
):
    """In plain Keras: one optimiser a block, all of them new whenever a block is unfrozen."""
    fields = {"batch_size": BATCH, "optimizer": optimizer, "learning_rate": 1e-3, "batchnorm": "frozen", "seed": 5}
    spec = RunSpec(
        backbone=backbone,
        n_frozen=n_frozen,
        frozen_blocks=further,
        image_size=side,
        block_rate_factor=2.0,
        unfreeze_every=1,
        epochs=len(groups) + 1,
        arithmetic="exact",
        **fields,
    )
    images = pictures(side)
    network = build(spec, 3)
    plain = build(spec.with_changes(n_frozen=0, frozen_blocks=""), 3).full
    data = Dataset(dataset_info("groceries"), images, LABELS, TRAIN, VALIDATION, VALIDATION)
    phases = Phases(Inputs(spec, network, data, TRAIN, FeatureCache(tmp_path, 10**10), "CPU"), Clock())
    last = [network.full.get_weights() for event in phases.run() if isinstance(event, Epoch)][-1]

    n_blocks = len(network.blocks)
    shares = {stems: 2.0 ** (at - n_blocks) for at, stems in _places(network, groups).items()}
    for epoch in range(1, spec.epochs + 1):
        now = [("head_",), *groups[:epoch]]
        if epoch <= len(groups):
            rates = [spec.learning_rate * shares.get(stems, 1.0) for stems in now]
            makers = [make_optimizer(spec.with_changes(learning_rate=rate)) for rate in rates]
        step_plainly(plain, now, makers, images, batches(TRAIN, BATCH, spec.seed, epoch))
    for mine, theirs in zip(last, plain.get_weights(), strict=True):
        assert np.abs(mine - theirs).max() <= 1e-12 * max(1.0, np.abs(theirs).max())
    n_moved = sum(np.abs(a - b).max() > 0 for a, b in zip(last, build(spec, 3).full.get_weights(), strict=True))
    assert n_moved >= 2 * len(groups)


def _places(network: Network, groups: list) -> dict[int, tuple[str, ...]]:
    """Returns which block, counted from 0, each group of layers is."""
    first = {at: block.layers[-1].name for at, block in enumerate(network.blocks)}
    names = {at: [layer.name for layer in block.layers] for at, block in enumerate(network.blocks)}
    return {at: stems for at in first for stems in groups if any(name.startswith(stems) for name in names[at])}


def step_plainly(model: keras.Model, groups: list, optimizers: list, images: np.ndarray, order: np.ndarray) -> None:
    """Takes the steps of one epoch with an optimiser for each group of layers; BatchNorm stays frozen."""
    for layer in model.layers:
        is_norm = isinstance(layer, keras.layers.BatchNormalization)
        layer.trainable = layer.name.startswith(tuple(stem for stems in groups for stem in stems)) and not is_norm
    mine = [
        [one for layer in model.layers if layer.name.startswith(stems) for one in layer.trainable_variables]
        for stems in groups
    ]
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    for chosen in order:
        with tf.GradientTape() as tape:
            said = loss(LABELS[chosen], model(images[chosen], training=True))
        gradients = iter(tape.gradient(said, [one.value for group in mine for one in group]))
        for group, optimizer in zip(mine, optimizers, strict=True):
            optimizer.apply([next(gradients) for _ in group], group)


def fit_plainly(
    model: keras.Model, trained: list[str], rate: float, spec: RunSpec, images: np.ndarray, epochs: list[int]
) -> None:
    """Fits some layers with a new optimiser; their BatchNorm layers stay frozen."""
    for layer in model.layers:
        is_norm = isinstance(layer, keras.layers.BatchNormalization)
        layer.trainable = layer.name in trained and not is_norm
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=keras.optimizers.SGD(rate, momentum=0.9), loss=loss, jit_compile=False)
    for epoch in epochs:
        order = batches(TRAIN, spec.batch_size, spec.seed, epoch).ravel()
        model.fit(images[order], LABELS[order], batch_size=spec.batch_size, epochs=1, shuffle=False, verbose=0)
