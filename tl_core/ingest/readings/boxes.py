"""Data sets of boxes or outlines, told by the names of their files: YOLO, COCO and VOC."""

from collections.abc import Sequence

from tl_core.errors import InputError
from tl_core.ingest.readings.files import Sorted, ending_of, parts_of

_YOLO_LISTS = frozenset({"data.yaml", "data.yml", "dataset.yaml", "obj.names", "obj.data", "classes.txt"})
_COCO_BEGINNINGS = ("_annotations.coco", "instances_", "person_keypoints_", "coco", "panoptic_")
_HALF = 0.5


def kind_of_boxes(found: Sorted) -> str:
    """Returns "yolo", "coco" or "voc" where a tree's other files are those of such a set; else ""."""
    split_up = [parts for file in found.others if (parts := parts_of(file))]
    names = {parts[-1].casefold() for parts in split_up}
    texts = [parts for parts in split_up if ending_of(parts[-1]) == "txt"]
    n_text = _n_beside(found, texts, "txt")
    is_in_labels = any(part.casefold() == "labels" for parts in texts for part in parts[:-1])
    if n_text >= _HALF * len(found.pictures) and (is_in_labels or names & _YOLO_LISTS):
        return "yolo"
    if _n_beside(found, split_up, "xml") >= _HALF * len(found.pictures):
        return "voc"
    return "coco" if any(map(_is_coco, split_up)) else ""


def _n_beside(found: Sorted, split_up: Sequence[Sequence[str]], ending: str) -> int:
    """Returns how many pictures have a file of this ending that is called the same."""
    stems = {parts[-1].rpartition(".")[0] for parts in split_up if ending_of(parts[-1]) == ending}
    return sum(item.stem in stems for item in found.pictures) if stems else -1


def _is_coco(parts: Sequence[str]) -> bool:
    name = parts[-1].casefold()
    is_below = any(part.casefold() in ("annotations", "annotation") for part in parts[:-1])
    return ending_of(name) == "json" and (is_below or name.startswith(_COCO_BEGINNINGS))


def refusal_of_boxes(kind: str) -> InputError:
    """Returns what there is to say of such a set."""
    if kind == "yolo":
        return InputError("import_boxes_yolo")
    return InputError("import_boxes_coco" if kind == "coco" else "import_boxes_voc")
