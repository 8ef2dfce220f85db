"""What a model card says of a run, from its record."""

import hashlib
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

from tl_core.datasets.arrays import fingerprint
from tl_core.datasets.catalog import DATASETS, DatasetInfo, class_slug
from tl_core.disk.files import WEIGHTS_FILE
from tl_core.errors import TransferLabError
from tl_core.evaluation.comparison import best_validation, compare_runs
from tl_core.export.card_parts import Card, Curves, Paragraph, Part, Points, Section, Table
from tl_core.export.card_scores import class_table, score_facts
from tl_core.export.formats import MARK_DIGITS, Parity, Source
from tl_core.models.catalog import backbones
from tl_core.phrases import duration, keys, phrase
from tl_core.planning.plan import decisive, n_training_images
from tl_core.spec import RunSpec
from tl_core.store.run_dataset import run_classes, run_data, run_preparation

Say = Callable[..., str]
NOTHING = "–"
CURVES = (("accuracy", ("train_accuracy", "val_accuracy"), True), ("loss", ("train_loss", "val_loss"), False))


def content(source: Source, parity: Parity | None) -> Card:
    """Returns the card of a run, in the language that its source names."""
    say = partial(phrase, source.language)
    spec, classes = RunSpec.from_dict(source.record.spec), class_names(source)
    family = backbones()[spec.backbone].family if spec.backbone in backbones() else spec.backbone
    about = say("card.about", backbone=family, n=len(classes), dataset=dataset_name(spec.dataset, source.language))
    makers = {
        "data": partial(_data, source, spec, classes, say),
        "scores": partial(_scores, source, say),
        "classes": partial(_classes, source, classes, say),
        "curves": partial(_curves, source, say),
        "settings": lambda: [Table.facts(settings(spec, source.language))],
        "limits": partial(_limits, source, spec, say),
        "environment": partial(_environment, source, say),
        "proof": partial(_proof, source, parity, say),
    }
    sections = tuple(Section(say(f"card.{name}"), tuple(make())) for name, make in makers.items())
    title = f"⚠ {source.record.name}" if source.record.has_fault else source.record.name
    if source.record.has_fault:
        about = f"{say('card.fault', fault=_value('fault', spec.fault, source.language))} {about}"
    return Card(title, about, tuple(one for one in sections if one.parts))


def class_names(source: Source) -> list[str]:
    """Returns the classes as a reader of the card knows them; names that a person gave are not translated."""
    try:
        names = run_classes(source.record, source.home)
    except TransferLabError:  # data of somebody's own that are gone, of a run from before records named their classes
        return []
    if source.record.spec["dataset"] not in DATASETS:
        return list(names)
    known = keys(source.language)
    return [phrase(source.language, key) if (key := f"class.{class_slug(one)}") in known else one for one in names]


def dataset_name(id: str, language: str) -> str:
    """Returns what a data set is called; one of somebody's own is called that."""
    key = f"dataset.{id}.name"
    return phrase(language, key if key in keys(language) else "card.own_data")


def settings(spec: RunSpec, language: str) -> dict[str, str]:
    """Returns name → value of all that decided the run, in words."""
    return {phrase(language, f"field.{name}"): _value(name, value, language) for name, value in decisive(spec).items()}


def _value(name: str, value: object, language: str) -> str:
    if isinstance(value, bool):
        return phrase(language, "record.yes" if value else "record.no")
    if name == "dataset":
        return dataset_name(str(value), language)
    if name == "backbone":
        return backbones()[str(value)].family if value in backbones() else str(value)
    if name == "source" and value is not None:
        return str(value)[:MARK_DIGITS]
    if value is None:
        own = {"batchnorm_momentum": "lab.own_momentum", "threads": "card.any", "source": "lab.imagenet"}
        return phrase(language, own.get(name, "lab.all"))
    key = f"choice.{name}.{value}"
    return (
        phrase(language, key)
        if key in keys(language)
        else f"{value:g}"
        if isinstance(value, float)
        else str(value) or "–"
    )


def _data(source: Source, spec: RunSpec, classes: Sequence[str], say: Say) -> list[Part]:
    told = {say("card.data_name"): dataset_name(spec.dataset, source.language)}
    with suppress(TransferLabError):
        info = run_data(source.record, source.home)
        told |= {say("card.source"): info.source or say("card.source_own")}
        told |= {say("card.licence"): info.licence or say("card.licence_own")}
        told |= _counts(info, spec, source, say)
    with suppress(TransferLabError, OSError):
        told[say("card.data_hash")] = fingerprint(run_data(source.record, source.home))
    told[say("card.class_names")] = say("unit.comma").join(classes) or NOTHING
    framing = run_preparation(source.record, source.home).framing
    key = "card.preprocessing_fit" if framing == "fit" else "card.preprocessing"
    return [Table.facts(told), Paragraph(say(key, size=spec.image_size))]


def _counts(info: DatasetInfo, spec: RunSpec, source: Source, say: Say) -> dict[str, str]:
    n_test = (source.record.scores or {}).get("n", info.n_test)
    counts = {"train": n_training_images(spec, info), "validation": info.n_validation, "test": n_test}
    return {say("card.pictures", split=say(f"split.{split}")): f"{n:,}" for split, n in counts.items()}


def _scores(source: Source, say: Say) -> list[Part]:
    if "imported" in source.record.environment:
        return [Paragraph(say("card.imported"))]
    told = score_facts(source.record.scores, say) | {
        say("card.validation"): _percent(best_validation(source.epochs)),
        say("card.best_epoch"): str(source.record.best_epoch or NOTHING),
    }
    return [Table.facts(told), *_compared(source, say)]


def _compared(source: Source, say: Say) -> list[Part]:
    if source.twin is None or source.record.role == "baseline":
        return []
    found = compare_runs(source.record, source.twin[0])
    if found is None:
        return []
    low, high = f"{found.low * 100:+.0f}", f"{found.high * 100:+.0f}"
    return [Paragraph(say("card.compared", baseline=_percent(found.baseline_accuracy), low=low, high=high))]


def _classes(source: Source, classes: Sequence[str], say: Say) -> list[Part]:
    table = class_table(source.record.scores, classes, say)
    return [] if table is None else [table]


def _curves(source: Source, say: Say) -> list[Part]:
    epochs = source.epochs
    if not epochs:
        return []
    parts: list[Part] = [
        Curves(
            say(f"curves.{name}"),
            {say(f"curves.{split}"): [getattr(one, field) for one in epochs] for split, field in _lines(fields)},
            is_share,
        )
        for name, fields, is_share in CURVES
    ]
    head = [say("card.epoch"), *(_column(say, field) for _, fields, _ in CURVES for field in fields)]
    rows = [
        (str(one.epoch), *(_number(getattr(one, f), is_share) for _, fields, is_share in CURVES for f in fields))
        for one in epochs
    ]
    return [*parts, Table(tuple(rows), tuple(head))]


def _lines(fields: tuple[str, str]) -> list[tuple[str, str]]:
    return list(zip(("train", "validation"), fields, strict=True))


def _column(say: Say, field: str) -> str:
    split, _, what = field.partition("_")
    drawn = say("curves.train" if split == "train" else "curves.validation")
    return say("card.column", split=drawn, what=say(f"curves.{what}"))


def _limits(source: Source, spec: RunSpec, say: Say) -> list[Part]:
    points = ["card.never_people", "card.never_outside", "card.never_elsewhere", "card.never_confidence"]
    if spec.dataset.startswith("chest-xray"):
        points.insert(0, "card.never_diagnosis")
    return [Points(tuple(say(point) for point in points))]


def _environment(source: Source, say: Say) -> list[Part]:
    record, here = source.record, source.record.environment
    versions = [f"{name} {version}" for name, version in here.get("versions", {}).items()]
    params = (record.trainable_params, record.frozen_params)
    told = {
        say("record.versions"): say("unit.comma").join([*versions, f"Python {here['python']}"] if versions else []),
        say("record.machine"): str(here.get("machine") or ""),
        say("field.threads"): str(record.spec.get("threads") or here.get("threads") or ""),
        say("card.seconds"): duration(record.seconds, source.language),
        say("card.ended"): (record.ended_at or "")[:16].replace("T", " ") + " UTC",
        say("card.params"): " / ".join(f"{n:,}" for n in params if n is not None),
    }
    return [Table.facts({name: value or NOTHING for name, value in told.items()})]


def _proof(source: Source, parity: Parity | None, say: Say) -> list[Part]:
    told = {say("card.run"): source.mark, say("card.weights_hash"): _weights_hash(source)}
    if source.record.fingerprint:
        told[say("card.fingerprint")] = source.record.fingerprint
    if parity is None:
        return [Table.facts(told)]
    versions = say("unit.comma").join(f"{name} {version}" for name, version in parity.versions.items())
    agreed = say("card.parity", n=parity.n_images, difference=f"{parity.max_abs_difference:.1e}", versions=versions)
    parts: list[Part] = [Table.facts(told), Paragraph(agreed)]
    if parity.n_exact:
        parts.append(Paragraph(say("card.parity_exact", n=parity.n_exact, rounding=f"{parity.rounding:.1e}")))
    return parts


def _weights_hash(source: Source) -> str:
    """Returns the SHA-256 of the run's file of weights; what a file for another program holds is made of it."""
    try:
        with open(source.folder / WEIGHTS_FILE, "rb") as file:
            return f"sha256:{hashlib.file_digest(file, 'sha256').hexdigest()}"
    except OSError:
        return NOTHING


def _percent(share: float | None) -> str:
    return NOTHING if share is None else f"{share:.1%}"


def _number(value: float | None, is_share: bool) -> str:
    return NOTHING if value is None else f"{value:.1%}" if is_share else f"{value:.4f}"
