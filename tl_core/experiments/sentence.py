"""The sentence of an answer, in the reader's language."""

from collections.abc import Sequence
from typing import Any

from tl_core.experiments import own_answer
from tl_core.experiments.own import ALL
from tl_core.experiments.preset import Answer, Row, Setting
from tl_core.experiments.presets import PRESETS
from tl_core.experiments.rows import level_text
from tl_core.phrases import keys, phrase


def answer_of(kind: str, rows: Sequence[Row]) -> Answer | None:
    """Returns what the rows of a sweep allow to say; None while that is nothing.

    Args:
        kind: A preset's id; of any other kind the values are set side by side.
        rows: Its trials.
    """
    return PRESETS[kind].answer(rows) if kind in PRESETS else own_answer.answer(rows)


def sentence(preset: str, answer: Answer, language: str) -> str:
    """Returns what an answer says, all of its sentences. Arguments as of `paragraphs`."""
    return _space(language).join(paragraphs(preset, answer, language))


def paragraphs(preset: str, answer: Answer, language: str) -> list[str]:
    """Returns what an answer says; a sentence that has others behind it begins a paragraph.

    Args:
        preset: Id of the preset that it answers, or "own".
        answer: From `Preset.answer`.
        language: "en" or "zh".
    """
    values = {name: _shown(preset, value, language) for name, value in answer.values.items()}
    said = [phrase(language, f"sweep_answer.{answer.code}", **values)]
    said += [text for one in answer.more if not one.more for text in paragraphs(preset, one, language)]
    further = [text for one in answer.more if one.more for text in paragraphs(preset, one, language)]
    return [_space(language).join(said), *further]


def _space(language: str) -> str:
    return "" if language == "zh" else " "


def _shown(preset: str, value: Any, language: str) -> Any:
    """Returns a difference in points, a level by its name, and counts as they are."""
    if isinstance(value, Setting):
        return _setting(value, language)
    if isinstance(value, float):
        return f"{100 * value:.1f}".replace("-", "−")
    key = f"sweep.{preset}.level.{value}"
    return phrase(language, key) if key in keys(language) else value


def _setting(value: Setting, language: str) -> str:
    """Returns what a setting, or its value, is called; what has no name is said as it is."""
    if value.level is None:
        key, text = f"field.{value.field}", value.field
    else:
        text = level_text(value.level)
        named = f"dataset.{text}.name" if value.field == "dataset" else f"choice.{value.field}.{text}"
        key = "lab.all" if value.level == ALL else named
    return phrase(language, key) if key in keys(language) else text
