"""What the worker can be asked for beside training: one row and one module of `tasks` each."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType

from tl_core.engine.worker.scheduler import Rank
from tl_core.evaluation.insight.parts import COMPUTED


@dataclass(frozen=True)
class Progress:
    """How far a task is, as it says by yielding this.

    Attributes:
        done: Units done.
        total: Units in all; 0 where that is unknown.
        value: What is known so far, as JSON can carry it, where that is worth looking at; else None.
    """

    done: int
    total: int
    value: object = None


@dataclass(frozen=True)
class Request:
    """A kind of short task.

    Attributes:
        name: What messages call it, and the module of `tasks` that does it: its function `run` takes what the worker
            keeps (`kept.Kept`) and the inputs by name, yields None where it makes way or its `Progress`, and returns
            the answer.
        inputs: The inputs, as JSON can carry them.
        rank: REQUEST is answered, and goes before any training; TRAINING is answered, and takes turns with the runs;
            CHORE waits until nothing else is to do, and nobody waits for it.
    """

    name: str
    inputs: tuple[str, ...]
    rank: Rank = Rank.REQUEST

    def message(self, **inputs: object) -> dict:
        """Returns what a worker is sent.

        Raises:
            TypeError: Not these inputs.
        """
        if set(inputs) != set(self.inputs):
            raise TypeError(f"{self.name} takes {self.inputs}, received {tuple(inputs)}")
        return {"do": self.name, **inputs}

    def begin(self, kept: object, message: Mapping) -> Iterator[Progress | None]:
        """Does what a message asks for. Thread: worker; the module, and Keras with it, is imported with the first step.

        Yields:
            None where it makes way for others, or its `Progress`.
        """
        run: Callable[..., Iterator[Progress | None]] = import_module(f"tl_core.engine.worker.tasks.{self.name}").run
        return (yield from run(kept, **{name: message[name] for name in self.inputs}))


CLASSIFY = Request("classify", ("subject", "images"))
EVALUATE = Request("evaluate", ("subject", "spec", "split"))
EXPLAIN_AHEAD = Request("explain_ahead", ("subjects",), Rank.CHORE)
EXPLAIN_PICTURE = Request("explain_picture", ("subject", "images", "parameters"))
EXPORT = Request("export", ("source", "format", "target"), Rank.TRAINING)
FIND_RATE = Request("find_rate", ("spec",), Rank.TRAINING)
FILL = Request("fill", ("specs",), Rank.TRAINING)
UNLIKE = Request("unlike", ("subject", "spec", "images", "k"))
MEASURE = Request("measure", ("spec",))
WARM_UP = Request("warm_up", ("spec",), Rank.CHORE)
INSIGHTS = MappingProxyType({part: Request(part, ("runs", "parameters")) for part in COMPUTED})
"""What finished runs are asked (`evaluation.insight.parts`): `runs` are {"id", "spec"} each."""

REQUESTS = MappingProxyType(
    {
        request.name: request
        for request in (
            CLASSIFY,
            EVALUATE,
            EXPLAIN_AHEAD,
            EXPLAIN_PICTURE,
            EXPORT,
            FILL,
            FIND_RATE,
            MEASURE,
            UNLIKE,
            WARM_UP,
            *INSIGHTS.values(),
        )
    }
)
