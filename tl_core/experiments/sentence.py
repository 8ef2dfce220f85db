"""The sentence of an answer, in the reader's language."""

from typing import Any

from tl_core.experiments.preset import Answer
from tl_core.phrases import keys, phrase


def sentence(preset: str, answer: Answer, language: str) -> str:
    """Returns what an answer says, all of its sentences.

    Args:
        preset: Id of the preset that it answers.
        answer: From `Preset.answer`.
        language: "en" or "zh".
    """
    values = {name: _shown(preset, value, language) for name, value in answer.values.items()}
    said = [phrase(language, f"sweep_answer.{answer.code}", **values)]
    said += [sentence(preset, one, language) for one in answer.more]
    return ("" if language == "zh" else " ").join(said)


def _shown(preset: str, value: Any, language: str) -> Any:
    """Returns a difference in points, a level by its name, and counts as they are."""
    if isinstance(value, float):
        return f"{100 * value:.1f}".replace("-", "−")
    key = f"sweep.{preset}.level.{value}"
    return phrase(language, key) if key in keys(language) else value
