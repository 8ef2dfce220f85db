"""The part of a program that trains: one phase or two, each of which ends with the weights of the best epoch."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from tl_core.export.program.facts import Facts
from tl_core.export.program.freezing import further, n_layers, shares, stages, updating
from tl_core.export.program.pieces import Piece, comment, docstring, step
from tl_core.spec import RunSpec


def training_piece(facts: Facts) -> Piece:
    """Returns the part that trains."""
    lines = ["history = []", "", "", *_function(facts), "", "", *_phases(facts)]
    return Piece(facts.say("train_title"), facts.say("train"), lines)


def _function(facts: Facts) -> list[str]:
    patience, in_stages = facts.spec.patience, bool(facts.spec.unfreeze_every)
    compiled = 'model.compile({}, loss, metrics=["accuracy"], jit_compile=False)'
    begins = ["        if epoch in stages:", "            freeze(stages[epoch])"]
    begins.append(f"            {compiled.format('optimizer()')}")
    return [
        f"def train(optimizer, epochs, {'stages, ' if in_stages else ''}best=(-1.0, 0.0)):",
        *docstring(facts.say("train_function")),
        "    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)",
        *([] if in_stages else [f"    {compiled.format('optimizer')}"]),
        "    weights = model.get_weights()",
        *(["    n_worse = 0"] if patience else []),
        f"    for {'epoch' if in_stages else '_'} in range(epochs):",
        *(begins if in_stages else []),
        "        shown = order[len(history)]",
        f"        fit = model.fit(pictures[shown], labels[shown], {_fit_options(facts)})",
        "        val_loss, val_accuracy = model.evaluate(pictures[validation], labels[validation], BATCH, verbose=0)",
        '        history.append([fit.history["loss"][0], fit.history["accuracy"][0], val_loss, val_accuracy])',
        '        print(f"epoch {len(history)}: validation loss {val_loss:.4f}, accuracy {val_accuracy:.4f}")',
        *(["        n_worse += 1"] if patience else []),
        "        if (val_accuracy, -val_loss) > best:",
        f"            best, weights{', n_worse' if patience else ''} = "
        f"(val_accuracy, -val_loss), model.get_weights(){', 0' if patience else ''}",
        *([f"        if n_worse == {patience}:", "            break"] if patience else []),
        "    model.set_weights(weights)",
        "    return best",
    ]


def _fit_options(facts: Facts) -> str:
    weighted = "class_weight=class_weight, " if facts.spec.class_weight == "balanced" else ""
    return f"BATCH, {weighted}shuffle=False, verbose=0"


def _phases(facts: Facts) -> list[str]:
    spec = facts.spec
    if spec.unfreeze_every:
        return _in_stages(facts)
    if spec.phases == 1:
        return [*shares(facts), *rate(spec), f"train({optimizer(spec)}, epochs={spec.epochs})"]
    head = spec.head_phase(facts.n_used)
    return [
        *comment(facts.say("phase_head")),
        "freeze(len(backbone.layers))",
        f"best = train({optimizer(head)}, epochs={spec.head_epochs})",
        *step(facts.say("phase_rest")),
        f"freeze({n_layers(facts)})",
        *further(facts),
        *updating(facts),
        *shares(facts),
        *rate(spec),
        f"train({optimizer(spec)}, epochs={spec.epochs}, best=best)",
    ]


def _in_stages(facts: Facts) -> list[str]:
    """Returns the phases where the last one unfreezes block by block, each time with a fresh optimiser."""
    spec, best, first = facts.spec, "", list[str]()
    if spec.phases == 2:
        head, best = spec.head_phase(facts.n_used), ", best=best"
        first = [
            *comment(facts.say("phase_head")),
            f"best = train(lambda: {optimizer(head)}, {spec.head_epochs}, {{0: len(backbone.layers)}})",
            "",
        ]
    return [
        *first,
        *comment(facts.say("phase_stages", every=spec.unfreeze_every)),
        f"stages = {stages(facts)}",
        *shares(facts),
        f"train(lambda: {optimizer(spec)}, {spec.epochs}, stages{best})",
    ]


# ---- optimisers and how their rate goes on: a new one is one function and one row ----

_SCHEDULES = "keras.optimizers.schedules"
_STEPS = "order.shape[1] // BATCH"


def _inverse_time(spec: RunSpec) -> str:
    return f"{_SCHEDULES}.InverseTimeDecay({spec.learning_rate}, decay_steps=1, decay_rate={spec.decay})"


def _cosine(spec: RunSpec) -> str:
    return f"{_SCHEDULES}.CosineDecay({spec.learning_rate}, decay_steps={_STEPS} * {spec.epochs})"


def _step(spec: RunSpec) -> str:
    steps, factor = f"{_STEPS} * {spec.decay_epochs}", spec.decay_factor
    return f"{_SCHEDULES}.ExponentialDecay({spec.learning_rate}, {steps}, {factor}, staircase=True)"


SCHEDULES: Mapping[str, Callable[[RunSpec], str]] = MappingProxyType(
    {
        "constant": lambda spec: str(spec.learning_rate),
        "inverse-time": _inverse_time,
        "cosine": _cosine,
        "step": _step,
    }
)


def rate(spec: RunSpec) -> list[str]:
    """Returns the line that makes a schedule; none for a rate that stays."""
    kind = spec.schedule
    return [] if kind == "constant" else [f"rate = {SCHEDULES[kind](spec)}"]


def optimizer(spec: RunSpec) -> str:
    """Returns the code that makes an optimiser."""
    first = "rate" if rate(spec) else str(spec.learning_rate)
    own = "BlockRates" if spec.block_rate_factor > 1 else ""
    if spec.optimizer == "adam":
        return f"{own or 'keras.optimizers.Adam'}({first})"
    nesterov = ", nesterov=True" if spec.nesterov else ""
    return f"{own or 'keras.optimizers.SGD'}({first}, momentum={spec.momentum}{nesterov})"
