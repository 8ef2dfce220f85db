"""The part of a program that says which layers learn."""

from collections.abc import Sequence

from tl_core.export.program.facts import Facts
from tl_core.export.program.pieces import Piece, comment, docstring
from tl_core.models.layer_table import last_layer
from tl_core.training.unfreezing import first_epochs


def freezing_piece(facts: Facts) -> Piece:
    """Returns the part that freezes layers; with two phases, the function that does."""
    is_one_phase = facts.spec.phases == 1 and not facts.spec.unfreeze_every
    lines = (
        [*_at_once(facts), *further(facts), *updating(facts), "model.summary()"] if is_one_phase else _function(facts)
    )
    about = facts.say("freeze_none" if facts.spec.n_frozen == 0 and is_one_phase else "freeze")
    return Piece(facts.say("freeze_title"), about, [*_momentum(facts), *lines])


def n_layers(facts: Facts) -> str:
    """Returns the code that counts the frozen layers."""
    if facts.is_head_only:
        return "len(backbone.layers)"
    if facts.spec.n_frozen == 0:
        return "0"
    return _end(facts, facts.spec.n_frozen)


def _keeps_norm(facts: Facts) -> bool:
    """Says whether BatchNorm stays frozen in blocks that are trained."""
    return facts.spec.batchnorm == "frozen" and facts.backbone.has_batchnorm and not facts.is_head_only


def _learns(facts: Facts, count: str) -> list[str]:
    norm = " and not isinstance(layer, keras.layers.BatchNormalization)" if _keeps_norm(facts) else ""
    return ["for number, layer in enumerate(backbone.layers):", f"    layer.trainable = number >= {count}{norm}"]


def _names(facts: Facts) -> list[str]:
    spec = facts.spec
    is_used = "names" in n_layers(facts) or spec.frozen_blocks or spec.unfreeze_every or spec.block_rate_factor > 1
    return ["names = [layer.name for layer in backbone.layers]"] if is_used else []


def _function(facts: Facts) -> list[str]:
    always = _always(facts) if facts.spec.unfreeze_every else []
    body = [f"    {line}" for line in [*_learns(facts, "n_layers"), *always]]
    return [*_names(facts), "", "", "def freeze(n_layers):", *docstring(facts.say("freeze_function")), *body]


def _always(facts: Facts) -> list[str]:
    """Returns what holds whenever blocks are frozen anew: what is frozen behind the cut, and the trap."""
    trap = [f"    {line}" for line in updating(facts)]
    return [*further(facts), *(["if n_layers < len(backbone.layers):", *trap] if trap else [])]


def stages(facts: Facts) -> str:
    """Returns the code that says from which epoch of the last phase on how many layers are frozen."""
    first = first_epochs(facts.spec, facts.n_used)
    begun = {epoch: at for at, epoch in reversed(list(enumerate(first))) if epoch and epoch <= facts.spec.epochs}
    written = [f"{epoch - 1}: {_end(facts, at) if at else 0}" for epoch, at in sorted(begun.items())]
    return "{" + ", ".join(written) + "}"


def shares(facts: Facts) -> list[str]:
    """Returns the lines that give each block a rate of its own: the optimiser scales its steps."""
    if facts.spec.block_rate_factor == 1:
        return []
    ends = [last_layer(facts.spec.backbone, number) for number in range(1, facts.n_used + 1)]
    kind = "Adam" if facts.spec.optimizer == "adam" else "SGD"
    return [
        *comment(facts.say("shares", factor=f"{facts.spec.block_rate_factor:g}")),
        "ends = [",
        *(f'    names.index("{name}"),' for name in ends),
        "]",
        "share = {",
        f"    weight.path: {facts.spec.block_rate_factor} ** -sum(number <= end for end in ends)",
        "    for number, layer in enumerate(backbone.layers)",
        "    for weight in layer.weights",
        "}",
        "",
        "",
        f"class BlockRates(keras.optimizers.{kind}):",
        "    def build(self, variables):",
        "        super().build(variables)",
        "        self.shares = tuple(share.get(variable.path, 1.0) for variable in variables)",
        "",
        "    def update_step(self, gradient, variable, learning_rate):",
        "        of_block = self.shares[self._get_variable_index(variable)]",
        "        super().update_step(gradient, variable, learning_rate * of_block)",
        "",
        "",
    ]


def _at_once(facts: Facts) -> list[str]:
    if facts.is_head_only:
        return ["backbone.trainable = False"]
    if facts.spec.n_frozen == 0 and not _keeps_norm(facts):
        return ["backbone.trainable = True", *_names(facts)]
    return [*_names(facts), f"n_frozen = {n_layers(facts)}", *_learns(facts, "n_frozen")]


def _momentum(facts: Facts) -> list[str]:
    if facts.spec.batchnorm_momentum is None or not facts.backbone.has_batchnorm:
        return []
    return [
        "for layer in backbone.layers:",
        "    if isinstance(layer, keras.layers.BatchNormalization):",
        f"        layer.momentum = {facts.spec.batchnorm_momentum}",
    ]


def further(facts: Facts) -> list[str]:
    """Returns the lines that freeze blocks behind the cut as well."""
    if not facts.spec.frozen_blocks:
        return []
    return [*comment(facts.say("freeze_further")), *_each_of(_further(facts), ["layer.trainable = False"])]


def _each_of(slices: Sequence[str], body: Sequence[str]) -> list[str]:
    """Returns a loop over the layers of each slice; all in one would be too wide to read."""
    return [
        line for part in slices for line in (f"for layer in backbone.layers[{part}]:", *(f"    {one}" for one in body))
    ]


def _further(facts: Facts) -> list[str]:
    """Returns the slices of the layers that are frozen behind the cut."""
    numbers = facts.spec.further_frozen
    firsts = sorted(number for number in numbers if number - 1 not in numbers)
    lasts = sorted(number for number in numbers if number + 1 not in numbers)
    return [f"{_end(facts, first - 1)} : {_end(facts, last)}" for first, last in zip(firsts, lasts, strict=True)]


def _end(facts: Facts, n_blocks: int) -> str:
    """Returns the code that counts the layers of the first blocks."""
    return f'names.index("{last_layer(facts.spec.backbone, n_blocks)}") + 1'


def updating(facts: Facts) -> list[str]:
    """Returns the trap of frozen blocks whose BatchNorm goes on counting."""
    is_any = facts.spec.n_frozen or facts.spec.frozen_blocks
    if facts.spec.batchnorm != "updating" or not is_any or not facts.backbone.has_batchnorm:
        return []
    slices = ([f": {n_layers(facts)}"] if facts.spec.n_frozen else []) + _further(facts)
    body = [
        "if isinstance(layer, keras.layers.BatchNormalization):",
        "    layer.trainable = True",
        "    for weight in layer.trainable_variables:",
        "        weight.trainable = False",
    ]
    return [*comment(facts.say("updating")), *_each_of(slices, body)]
