"""The part of a program that builds the network: preprocessing, backbone, head."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from tl_core.export.program.facts import FAULTY, Facts
from tl_core.export.program.pieces import Piece, comment, step
from tl_core.models.layer_table import last_layer
from tl_core.seeds import child_seed
from tl_core.spec import FITTED

# backbone → its function in keras.applications
APPLICATIONS = MappingProxyType(
    {
        "mobilenet_v2": "MobileNetV2",
        "vgg16": "VGG16",
        "resnet50": "ResNet50",
        "inception_v3": "InceptionV3",
        "efficientnet_b0": "EfficientNetB0",
    }
)
# backbone that Keras lacks → its module in `tl_core.models`, which goes beside the program, and its function there
BESIDE = MappingProxyType(
    {"squeezenet": ("squeezenet", "squeezenet"), "efficientnet_lite0": ("efficientnet_lite", "efficientnet_lite0")}
)
_CENTRED = "x = (x - {mean}) / {scale}"
_BGR = 'x = keras.ops.flip(x, axis=-1) - np.array([{mean}], dtype="float32")'
# backbone → what it wants the pixels to be; the key of the sentence that says so
PREPROCESSING: Mapping[str, tuple[str | None, str]] = MappingProxyType(
    {
        "mobilenet_v2": (_CENTRED.format(mean=127.5, scale=127.5), "pixels_one"),
        "inception_v3": (_CENTRED.format(mean=127.5, scale=127.5), "pixels_one"),
        "efficientnet_lite0": (_CENTRED.format(mean="127.0", scale="128.0"), "pixels_one"),
        "vgg16": (_BGR.format(mean="103.939, 116.779, 123.68"), "pixels_bgr"),
        "resnet50": (_BGR.format(mean="103.939, 116.779, 123.68"), "pixels_bgr"),
        "squeezenet": (_BGR.format(mean="104.006, 116.669, 122.679"), "pixels_bgr"),
        "efficientnet_b0": (None, "pixels_inside"),
    }
)

# way of augmentation → the layers nearest to it, with their amounts
MOVES: Mapping[str, tuple[tuple[str, str], ...]] = MappingProxyType(
    {
        "light": (("RandomRotation", "10 / 360"), ("RandomZoom", "0.10"), ("RandomTranslation", "0.08, 0.08")),
        "classic": (("RandomShear", "0.0035, 0.0"), ("RandomZoom", "0.2, 0.2")),  # by 0.2 degrees
    }
)


def network_piece(facts: Facts) -> Piece:
    """Returns the part that builds the network."""
    lines = ['image = keras.Input((SIDE, SIDE, 3), dtype="uint8", name="image")']
    lines += ['x = keras.ops.cast(image, "float32")', *_augmentation(facts), *_preprocessing(facts)]
    lines += [*_backbone(facts), *_start(facts), *_adjusted(facts), *_cut(facts), "x = backbone(x)"]
    lines += [*_head(facts), "model = keras.Model(image, logits)"]
    return Piece(facts.say("model_title"), facts.say("model", backbone=facts.backbone.family), lines)


def _preprocessing(facts: Facts) -> list[str]:
    """Returns what is done to pixels: what the backbone wants, or the fault that the run has on purpose."""
    fault, usual = FAULTY.get(facts.spec.fault), _commented(facts, *PREPROCESSING[facts.spec.backbone])
    if fault is None:
        return usual
    return [*_commented(facts, fault.code, fault.about), *(usual if fault.has_usual else [])]


def _commented(facts: Facts, code: str | None, about: str) -> list[str]:
    return [*comment(facts.say(about)), *([code] if code else [])]


def _augmentation(facts: Facts) -> list[str]:
    if facts.spec.augment == "none":
        return []
    seed = child_seed(facts.spec.seed, "augmentation")
    flip = [f'x = keras.layers.RandomFlip("horizontal", seed={seed})(x)'] if facts.data.can_flip else []
    moves = MOVES[facts.spec.augment]
    lines = [
        f'x = keras.layers.{name}({amount}, fill_mode="nearest", seed={seed + at})(x)'
        for at, (name, amount) in enumerate(moves, 1)
    ]
    return [*comment(facts.say("augment")), *flip, *lines]


def _backbone(facts: Facts) -> list[str]:
    if facts.spec.backbone in BESIDE:
        _, function = BESIDE[facts.spec.backbone]
        return [
            "pixels = keras.Input((SIDE, SIDE, 3))",
            f"backbone = keras.Model(pixels, {function}(pixels, top=False))",
        ]
    is_fetched = facts.is_pretrained and not facts.brings_weights
    weights = '"imagenet"' if is_fetched else "None"
    options = f"include_top=False, weights={weights}, input_shape=(SIDE, SIDE, 3)"
    return [f"backbone = keras.applications.{APPLICATIONS[facts.spec.backbone]}({options})"]


def _start(facts: Facts) -> list[str]:
    """Returns how the backbone gets its first weights."""
    if not facts.is_pretrained:
        return [*step(facts.say("random")), *_random_start(facts)]
    return [*step(facts.say("weights")), *_stored(facts)] if facts.brings_weights else []


def _stored(facts: Facts) -> list[str]:
    return [
        f'stored = np.load(HERE / "{facts.spec.backbone}.npz")',
        "for layer in backbone.layers:",
        '    layer.set_weights([stored[f"{layer.name}/{weight.name}"] for weight in layer.weights])',
    ]


def _random_start(facts: Facts) -> list[str]:
    """Returns how the app draws first weights: each layer from a seed of its own, that follows from the run's."""
    lines = [
        "for number, layer in enumerate(backbone.layers, start=1):",
        f'    digest = hashlib.sha256(f"{facts.spec.seed}/initial/{{number}}".encode()).digest()',
        '    seed = int.from_bytes(digest[:4], "big") >> 1',
        '    start = getattr(layer, "depthwise_initializer", None) or getattr(layer, "kernel_initializer", None)',
        "    if start is not None:",
        '        start = type(start).from_config(start.get_config() | {"seed": seed})',
        "        layer.kernel.assign(start(layer.kernel.shape))",
    ]
    if facts.backbone.has_batchnorm:
        lines += ["    if isinstance(layer, keras.layers.BatchNormalization):", "        layer.momentum = 0.9"]
    return lines


def _adjusted(facts: Facts) -> list[str]:
    """Returns what is unlike Keras' own EfficientNetB0: nothing is dropped at random inside, so that what is frozen is
    fixed; and from scratch it has ImageNet's mean and variance, too."""
    if facts.spec.backbone != "efficientnet_b0":
        return []
    lines = [*step(facts.say("no_dropping")), "for layer in backbone.layers:"]
    lines += ["    if isinstance(layer, keras.layers.Dropout):", "        layer.rate = 0.0"]
    if not facts.is_pretrained:
        lines += ['normalization = backbone.get_layer("normalization")']
        lines += ["normalization.adapt_mean.assign([0.485, 0.456, 0.406])"]
        lines += [
            "normalization.adapt_variance.assign([0.229**2, 0.224**2, 0.225**2])",
            "normalization.finalize_state()",
        ]
    return lines


def _cut(facts: Facts) -> list[str]:
    if facts.spec.head_at is None:
        return []
    last = last_layer(facts.spec.backbone, facts.spec.head_at)
    return [
        *step(facts.say("head_at")),
        f'backbone = keras.Model(backbone.input, backbone.get_layer("{last}").output)',
    ]


# ---- heads: a new kind is one function and one row ----


def _linear(facts: Facts) -> list[str]:
    return [_layer("GlobalAveragePooling2D", "head_pool")]


def _dense(facts: Facts) -> list[str]:
    return [_layer("GlobalAveragePooling2D", "head_pool"), *_hidden(facts)]


def _flatten(facts: Facts) -> list[str]:
    return [_layer("Flatten", "head_flatten")]


def _flatten_dense(facts: Facts) -> list[str]:
    return [_layer("Flatten", "head_flatten"), *_hidden(facts)]


HEADS: Mapping[str, Callable[[Facts], list[str]]] = MappingProxyType(
    {"linear": _linear, "dense": _dense, "flatten": _flatten, "flatten-dense": _flatten_dense}
    | dict.fromkeys(FITTED, _linear)
)


def _head(facts: Facts) -> list[str]:
    spec = facts.spec
    lines = [*step(facts.say("head")), *HEADS[spec.head](facts)]
    if spec.dropout and not facts.is_fitted:
        lines.append(f"x = keras.layers.Dropout({spec.dropout}, seed={child_seed(spec.seed, 'dropout')})(x)")
    return [*lines, *_drawn(facts, "logits", "head_logits", "len(classes)")]


def _layer(kind: str, name: str) -> str:
    return f'x = keras.layers.{kind}(name="{name}")(x)'


def _hidden(facts: Facts) -> list[str]:
    return _drawn(facts, "x", "head_hidden", str(facts.spec.hidden), ', activation="relu"')


def _drawn(facts: Facts, result: str, name: str, units: str, more: str = "") -> list[str]:
    """Returns a layer whose first weights are drawn as the run drew them."""
    return [
        f"start = keras.initializers.GlorotUniform(seed={child_seed(facts.spec.seed, name)})",
        f'{result} = keras.layers.Dense({units}{more}, kernel_initializer=start, name="{name}")(x)',
    ]
