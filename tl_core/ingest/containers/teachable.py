"""Projects of Teachable Machine and of GenAI Teachable Machine: their samples, as folders of classes.

References:
    knicos/genai-classifier, lib/ClassifierApp.ts (`saveComponents`, `load`): `samples/<class>_<number>.png`, the names
    of the classes in `metadata.json` under "labels"; samples of sounds have a `.spectrogram` beside.
"""

import json
import re

from tl_core.datasets.own.splits import UNKNOWN
from tl_core.errors import InputError
from tl_core.ingest.containers.made import made_path
from tl_core.ingest.trees import Source

_GENAI = re.compile(r"(?:.*/)?samples/(\d{1,4})_(\d{1,6})\.(png|spectrogram|pcm|json)")
_GOOGLE = re.compile(r"(?:.*/)?([^/]+)-!-(\d{1,6})\.(png|jpe?g|webp)", re.IGNORECASE)


def renamed_samples(source: Source) -> dict[str, str]:
    """Returns the samples of a project, path with the class → file; empty for any other tree.

    Raises:
        InputError: "import_sounds": the samples are sounds.
    """
    found = {file: match for file in source.files if (match := _GENAI.fullmatch(file))}
    if found:
        if any(match[3] == "spectrogram" for match in found.values()):
            raise InputError("import_sounds")
        labels = _labels(source, next(iter(found)).rpartition("samples/")[0])
        if labels is None:
            return {}
        pictures = {file: match for file, match in found.items() if match[3] == "png"}
        return {
            made_path(int(match[2]), UNKNOWN, _name(labels, int(match[1]))): file for file, match in pictures.items()
        }
    if any(file.rpartition("/")[2] == "manifest.json" for file in source.files):
        named = {file: match for file in source.files if (match := _GOOGLE.fullmatch(file))}
        return {made_path(int(match[2]), UNKNOWN, match[1], match[3]): file for file, match in named.items()}
    return {}


def _labels(source: Source, folder: str) -> list[str] | None:
    try:
        labels = json.loads(source.read(f"{folder}metadata.json"))["labels"]
    except (KeyError, ValueError, TypeError, RecursionError, InputError):
        return None
    return labels if isinstance(labels, list) and all(isinstance(one, str) for one in labels) else None


def _name(labels: list[str], number: int) -> str:
    return labels[number] if number < len(labels) and labels[number].strip() else f"Class {number + 1}"
