"""The part of a program that reads pictures, classes, splits and the order of each epoch."""

from tl_core.export.program.facts import Facts
from tl_core.export.program.pieces import Piece, docstring, step

READ = """\
with open(HERE / "pictures.csv", encoding="utf-8", newline="") as file:
    rows = list(csv.DictReader(file))
classes = (HERE / "classes.txt").read_text(encoding="utf-8").split("\\n")
pictures = np.stack([load(row["file"]) for row in rows])  # uint8 (n, SIDE, SIDE, 3)
labels = np.array([classes.index(row["class"]) for row in rows])
validation, test = (np.array([row["split"] == split for row in rows]) for split in ("validation", "test"))"""
LOAD = """\
    picture = Image.open(HERE / file).convert("RGB")
    side = min(picture.size)
    left, top = (picture.width - side) // 2, (picture.height - side) // 2
    square = picture.crop((left, top, left + side, top + side))
    if side > 256:
        square = square.resize((256, 256), Image.Resampling.BILINEAR)
    return np.asarray(square.resize((SIDE, SIDE), Image.Resampling.BILINEAR))"""

CLASS_WEIGHT = """\
counts = np.bincount(labels[np.unique(order)], minlength=len(classes))
class_weight = {label: counts.sum() / (len(classes) * n) for label, n in enumerate(counts) if n}"""


def data_piece(facts: Facts) -> Piece:
    """Returns the part that reads the data."""
    lines = ["def load(file):", *docstring(facts.say("load")), *LOAD.split("\n"), "", "", *READ.split("\n")]
    lines += [*step(facts.say("order")), 'order = np.loadtxt(HERE / "order.csv", dtype=int, delimiter=",", ndmin=2)']
    if facts.spec.class_weight == "balanced":
        lines += [*step(facts.say("class_weight")), *CLASS_WEIGHT.split("\n")]
    return Piece(facts.say("data_title"), facts.say("data"), lines)
