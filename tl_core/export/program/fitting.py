"""The part of a program that fits a head once instead of training it: linear support vector machines (scikit-learn)."""

from tl_core.export.program.facts import Facts
from tl_core.export.program.pieces import Piece, step
from tl_core.seeds import child_seed

MOST_ROUNDS = 3_000  # as in the run

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
SET = """\
model.get_layer("head_logits").set_weights([kernel, bias])
right = [model.predict(pictures[at], BATCH, verbose=0).argmax(axis=1) == labels[at] for at in (shown, validation)]
history = [[np.nan, right[0].mean(), np.nan, right[1].mean()]]
print(f"validation accuracy {right[1].mean():.4f}")"""


def fitting_piece(facts: Facts) -> Piece:
    """Returns the part that fits the head; of two classes one machine tells both."""
    n_classes = len(facts.data.classes)
    numbers = [1] if n_classes == 2 else range(n_classes)
    seeds = ", ".join(str(child_seed(facts.spec.seed, f"svm/{number}")) for number in numbers)
    lines = [*FEATURES.split("\n"), *step(facts.say("svm_seeds")), *_listed(seeds)]
    fit = FIT.format(c=facts.spec.svm_c, rounds=MOST_ROUNDS, weights=_weights(facts, n_classes))
    lines += [*fit.split("\n"), *([TWO_CLASSES] if n_classes == 2 else []), *step(facts.say("svm_set"))]
    return Piece(facts.say("svm_title"), facts.say("svm"), [*lines, *SET.split("\n")])


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
