"""What scores that train no network say of the features that linear probes stand on."""

from collections.abc import Generator, Mapping, Sequence

from tl_core.datasets.arrays import select_per_class
from tl_core.engine.worker.block_features import Counted, features, network_of, pictures_of
from tl_core.engine.worker.kept import Kept
from tl_core.engine.worker.requests import Progress
from tl_core.errors import InputError
from tl_core.evaluation.transferability import log_me, neighbours_accuracy, svm_accuracy
from tl_core.spec import RunSpec


def run(kept: Kept, *, runs: Sequence[Mapping], parameters: Mapping) -> Generator[Progress, None, dict]:
    """Scores the features that the heads of some runs are fed, as the networks came.

    Args:
        kept: What the worker keeps.
        runs: {"id", "spec"} each, all of one data set; features are on disk where they were trained on these.
        parameters: None of them.

    Yields:
        Pictures done.

    Returns:
        {"scores": [{"run", "knn", "svm": accuracies on the test pictures, "logme": of the training pictures}…], "n":
        the test pictures}.

    Raises:
        InputError: "insight_other_data": the runs are of different data sets.
        StoreError: As `block_features.features`.
    """
    specs = [RunSpec.from_dict(asked["spec"]) for asked in runs]
    if len({spec.dataset for spec in specs}) > 1:
        raise InputError("insight_other_data", received=sorted({spec.dataset for spec in specs}))
    dataset = kept.warm.dataset(specs[0].dataset, kept.home)
    labels, rows = dataset.labels, []
    chosen = [select_per_class(labels, dataset.train, spec.per_class, spec.seed) for spec in specs]
    counted = Counted(sum(map(len, chosen)) + len(specs) * len(dataset.test))
    for asked, spec, train in zip(runs, specs, chosen, strict=True):
        model = network_of(kept, asked["id"], spec, len(dataset.info.classes), None, "before")
        pictures, found = pictures_of(dataset, spec.image_size), []
        for numbers in (train, dataset.test):
            found.append((yield from features(kept, model, spec, dataset.info, pictures, numbers, counted)))
        split = found[0], labels[train], found[1], labels[dataset.test]
        row: dict[str, object] = {"run": asked["id"], "knn": neighbours_accuracy(*split)}
        yield Progress(counted.done, counted.total)
        row["svm"] = svm_accuracy(*split, spec.seed)
        yield Progress(counted.done, counted.total)
        row["logme"] = log_me(found[0], labels[train])
        yield Progress(counted.done, counted.total)
        rows.append(row)
    return {"scores": rows, "n": len(dataset.test)}
