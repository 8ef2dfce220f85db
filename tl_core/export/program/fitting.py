"""The part of a program that fits a head once instead of training it, by scikit-learn."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from tl_core.export.program.facts import Facts
from tl_core.export.program.pieces import Piece, step
from tl_core.seeds import child_seed

MOST_ROUNDS = 3_000  # as in the run
MOST_ITERATIONS, TOLERANCE = 1_000, 1e-7  # likewise; the tolerance where C is at most 1

IMPORTS = MappingProxyType(
    {
        "svm": ("from sklearn.preprocessing import StandardScaler", "from sklearn.svm import LinearSVC"),
        "logistic": (
            "from sklearn.linear_model import LogisticRegression",
            "from sklearn.preprocessing import StandardScaler",
        ),
    }
)
FEATURES = """\
shown = np.unique(order)  # the training pictures
inner = keras.Model(image, model.get_layer("head_logits").input)
features = inner.predict(pictures[shown], BATCH, verbose=0).astype("float64")
scaler = StandardScaler().fit(features)"""
FIT = """\
kernel, bias = np.zeros((features.shape[1], len(classes))), np.zeros(len(classes))
for label, seed in enumerate(seeds, start=len(classes) - len(seeds)):
    options = {{"C": {c}, "random_state": seed, "dual": True, "max_iter": {rounds}}}
    machine = LinearSVC(class_weight={weights}, **options)
    machine.fit(scaler.transform(features), labels[shown] == label)
    kernel[:, label] = machine.coef_[0] / scaler.scale_
    bias[label] = machine.intercept_[0] - scaler.mean_ @ kernel[:, label]"""
TWO_CLASSES = "kernel[:, 0], bias[0] = -kernel[:, 1], -bias[1]"
PROBE = """\
probe = LogisticRegression(C={c}, class_weight={weights}, max_iter={iterations}, tol={tolerance})
probe.fit(scaler.transform(features), labels[shown])
kernel = probe.coef_.T / scaler.scale_[:, None]
bias = probe.intercept_ - scaler.mean_ @ kernel"""
PROBE_OF_TWO = "kernel, bias = np.hstack([-kernel, kernel]) / 2, np.append(-bias, bias) / 2"
SET = """\
model.get_layer("head_logits").set_weights([kernel, bias])"""
MARGINS = """\
right = [model.predict(pictures[at], BATCH, verbose=0).argmax(axis=1) == labels[at] for at in (shown, validation)]
history = [[np.nan, right[0].mean(), np.nan, right[1].mean()]]
print(f"validation accuracy {right[1].mean():.4f}")"""
PROBABILITIES = """\
model.compile(loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
judged = [model.evaluate(pictures[at], labels[at], BATCH, verbose=0) for at in (shown, validation)]
history = [[*judged[0], *judged[1]]]
print(f"validation loss {judged[1][0]:.4f}, accuracy {judged[1][1]:.4f}")"""


def fitting_imports(facts: Facts) -> tuple[str, ...]:
    """Returns the lines that import what fits the head."""
    return IMPORTS[facts.spec.head]


def fitting_piece(facts: Facts) -> Piece:
    """Returns the part that fits the head."""
    judged = PROBABILITIES if facts.spec.has_probabilities else MARGINS
    lines = [*FEATURES.split("\n"), *FITS[facts.spec.head](facts), *step(facts.say("fit_set"))]
    return Piece(facts.say("fit_title"), facts.say(facts.spec.head), [*lines, *SET.split("\n"), *judged.split("\n")])


def _machines(facts: Facts) -> list[str]:
    """Returns the lines that fit a support vector machine a class; of two classes one tells both."""
    n_classes = len(facts.data.classes)
    numbers = [1] if n_classes == 2 else range(n_classes)
    seeds = ", ".join(str(child_seed(facts.spec.seed, f"svm/{number}")) for number in numbers)
    fit = FIT.format(c=facts.spec.svm_c, rounds=MOST_ROUNDS, weights=_weights(facts, n_classes))
    lines = [*step(facts.say("svm_seeds")), *_listed(seeds), *fit.split("\n")]
    return [*lines, TWO_CLASSES] if n_classes == 2 else lines


def _probe(facts: Facts) -> list[str]:
    """Returns the lines that fit logistic regression."""
    weights = "class_weight" if facts.spec.class_weight == "balanced" else "None"
    c = facts.spec.logistic_c
    fit = PROBE.format(c=c, weights=weights, iterations=MOST_ITERATIONS, tolerance=TOLERANCE / max(1.0, c))
    lines = fit.split("\n")
    return [*lines, PROBE_OF_TWO] if len(facts.data.classes) == 2 else lines


FITS: Mapping[str, Callable[[Facts], list[str]]] = MappingProxyType({"svm": _machines, "logistic": _probe})


def _weights(facts: Facts, n_classes: int) -> str:
    """Returns the code of what the pictures of the other classes and of its own count."""
    if facts.spec.class_weight != "balanced":
        return "None"
    return "class_weight" if n_classes == 2 else "{0: 1.0, 1: class_weight[label]}"


def _listed(seeds: str) -> list[str]:
    """Returns the seeds as a formatter would lay them out."""
    line = f"seeds = [{seeds}]"
    if len(line) <= 120:
        return [line]
    return ["seeds = [", *(f"    {seed}," for seed in seeds.split(", ")), "]"]
