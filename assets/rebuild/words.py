"""Draws the small pictures beside the words of the lab: `python -m assets.rebuild.words` writes assets/web/words/*.svg.

Lines and fields in the colour of the text around them, so that they suit both themes; no words, so that they suit both
languages. What each shows is copy, `term.<word>.picture`.
"""

import math
from collections.abc import Callable, Iterable

from tl_core.paths import ASSETS

FOLDER = ASSETS / "web" / "words"
WIDE, HIGH = 240, 96
FAINT, HALF, FULL = 0.18, 0.5, 1.0
Point = tuple[float, float]


def field(x: float, y: float, w: float, h: float, fill: float = 0.0, r: float = 3) -> str:
    """Returns a rectangle: an outline, filled as strongly as is said."""
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{w:g}" height="{h:g}" rx="{r:g}" fill="currentColor" '
        f'fill-opacity="{fill:g}"/>'
    )


def line(points: Iterable[Point], strength: float = FULL, dash: str = "") -> str:
    """Returns a line through points."""
    through = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    return f'<polyline points="{through}" fill="none" stroke-opacity="{strength:g}"{dashed}/>'


def dot(x: float, y: float, r: float = 3, fill: float = FULL) -> str:
    return f'<circle cx="{x:g}" cy="{y:g}" r="{r:g}" fill="currentColor" fill-opacity="{fill:g}"/>'


def arc(start: Point, over: Point, end: Point) -> str:
    """Returns a bow from one point to another, pulled toward a third, with an arrow's head."""
    bow = f"M{start[0]:g} {start[1]:g}Q{over[0]:g} {over[1]:g} {end[0]:g} {end[1]:g}"
    return f'<path d="{bow}" fill="none"/>' + tip(over, end)


def tip(before: Point, end: Point) -> str:
    """Returns an arrow's head."""
    angle = math.atan2(end[1] - before[1], end[0] - before[0])
    ends = [(end[0] - 7 * math.cos(angle + turn), end[1] - 7 * math.sin(angle + turn)) for turn in (-0.45, 0.45)]
    return line([ends[0], end, ends[1]])


def arrow(start: Point, end: Point) -> str:
    return line([start, end]) + tip(start, end)


def curve(f: Callable[[float], float], x0: float, x1: float, strength: float = FULL, dash: str = "") -> str:
    """Returns the graph of a function of x, both in the picture's own units."""
    return line([(x, f(x)) for x in (x0 + (x1 - x0) * at / 48 for at in range(49))], strength, dash)


def axes(x: float = 14, y: float = 84, w: float = 212, h: float = 74) -> str:
    return line([(x, y - h), (x, y), (x + w, y)], HALF)


def lock(x: float, y: float) -> str:
    return f'<path d="M{x - 4} {y}v-3a4 4 0 0 1 8 0v3" fill="none"/>' + field(x - 6, y, 12, 9, FULL, 2)


def gauss(x: float, centre: float, width: float) -> float:
    return math.exp(-(((x - centre) / width) ** 2) / 2)


# ---- the pictures ----


def cut() -> str:
    blocks = [field(10 + 30 * at, 30, 26, 36, HALF if at < 4 else 0) for at in range(6)]
    return "".join(blocks) + field(198, 22, 30, 52, FAINT) + line([(128, 12), (128, 84)], dash="5 4")


def freeze() -> str:
    frozen = [field(10 + 38 * at, 34, 32, 40, HALF) + lock(26 + 38 * at, 18) for at in range(4)]
    return "".join(frozen) + "".join(field(10 + 38 * at, 34, 32, 40) for at in (4, 5))


def prefix() -> str:
    frozen = "".join(field(44 + 26 * at, 34, 22, 34, HALF) for at in range(3))
    store = '<path d="M130 34v34a14 5 0 0 0 28 0v-34a14 5 0 0 0-28 0a14 5 0 0 0 28 0" fill="none"/>'
    free = "".join(field(176 + 26 * at, 34, 22, 34) for at in range(2))
    return (
        field(8, 38, 24, 26, FAINT)
        + arrow((33, 51), (43, 51))
        + frozen
        + arrow((119, 51), (129, 51))
        + store
        + (arrow((159, 51), (175, 51)) + free + arc((212, 72), (180, 104), (150, 74)))
    )


def backbone() -> str:
    sizes = ((58, 16), (46, 20), (36, 26), (26, 32), (18, 40))
    x, drawn = 52.0, field(6, 22, 34, 52, FAINT)
    for high, wide in sizes:
        drawn += field(x, 48 - high / 2, wide, high, HALF)
        x += wide + 5
    return drawn + "".join(dot(226, 24 + 12 * at, 3) for at in range(5))


def head() -> str:
    features, classes = [12 + 12 * at for at in range(7)], [24, 48, 72]
    lines = [line([(50, y), (190, z)], FAINT + 0.15) for y in features for z in classes]
    return (
        "".join(lines)
        + "".join(dot(50, y, 4) for y in features)
        + "".join(field(190, z - 8, 16, 16, HALF) for z in classes)
    )


def softmax() -> str:
    scores, powers = (2.0, 0.6, -1.1), [math.exp(score) for score in (2.0, 0.6, -1.1)]
    left = "".join(
        field(20 + 28 * at, 52 - max(score, 0) * 18, 20, abs(score) * 18, HALF, 1) for at, score in enumerate(scores)
    )
    right = "".join(
        field(150 + 28 * at, 84 - 70 * power / sum(powers), 20, 70 * power / sum(powers), HALF, 1)
        for at, power in enumerate(powers)
    )
    return left + line([(12, 52), (106, 52)]) + arrow((114, 52), (136, 52)) + right + line([(142, 84), (232, 84)])


def overfitting() -> str:
    train = curve(lambda x: 18 + 60 * (1 - math.exp(-(x - 14) / 55)), 14, 224)
    validation = curve(
        lambda x: 18 + 52 * (1 - math.exp(-(x - 14) / 38)) - 0.0016 * max(x - 90, 0) ** 2, 14, 224, dash="5 3"
    )
    return axes() + train + validation + line([(104, 12), (104, 84)], FAINT + 0.2)


def interval() -> str:
    bars = ""
    for y, low, middle, high in ((34, 60, 104, 148), (64, 92, 146, 200)):
        bars += line([(low, y), (high, y)]) + dot(middle, y, 5)
        bars += "".join(line([(x, y - 6), (x, y + 6)]) for x in (low, high))
    return bars + line([(20, 86), (224, 86)], HALF)


def svm() -> str:
    left = "".join(dot(x, y, 4) for x, y in ((30, 24), (48, 50), (66, 30), (40, 74), (80, 62)))
    right = "".join(
        f'<circle cx="{x}" cy="{y}" r="4" fill="none"/>'
        for x, y in ((160, 22), (186, 44), (206, 26), (172, 70), (214, 72))
    )
    strip = '<polygon points="98,4 146,4 130,92 82,92" fill="currentColor" fill-opacity="0.12" stroke="none"/>'
    return strip + line([(122, 4), (106, 92)]) + left + right


def block() -> str:
    return (
        line([(10, 60), (44, 60)])
        + field(44, 46, 44, 28, HALF)
        + arrow((88, 60), (108, 60))
        + field(108, 46, 44, 28, HALF)
        + arrow((152, 60), (176, 60))
        + '<circle cx="186" cy="60" r="9" fill="none"/>'
        + line([(181, 60), (191, 60)])
        + line([(186, 55), (186, 65)])
        + arrow((195, 60), (232, 60))
        + arc((26, 60), (106, -24), (184, 50))
    )


def epoch() -> str:
    pictures = "".join(
        field(14 + 18 * at + 10 * (at // 4), 40, 14, 20, HALF if at // 4 == 1 else FAINT, 2) for at in range(11)
    )
    return (
        pictures
        + arc((214, 36), (118, -24), (20, 34))
        + "".join(
            line(
                [
                    (12 + 82 * at, 70),
                    (12 + 82 * at, 76),
                    (80 + 82 * at - 26 * (at == 2), 76),
                    (80 + 82 * at - 26 * (at == 2), 70),
                ],
                HALF,
            )
            for at in range(3)
        )
    )


def split() -> str:
    return field(10, 34, 128, 32, HALF) + field(142, 34, 40, 32, FAINT) + field(186, 34, 44, 32) + lock(208, 47)


def valley(x: float, centre: float) -> float:
    """Returns how high a bowl is at x: it opens upward, and pictures count downward."""
    return 84 - 66 * ((x - centre) / 48) ** 2


def rate() -> str:
    bowls = "".join(curve(lambda x, c=c: valley(x, c), c - 48, c + 48, HALF) for c in (60, 178))
    steps = [(60 - 44 * 0.72**n, valley(60 - 44 * 0.72**n, 60)) for n in range(7)]
    leaps = [(178 + side, valley(178 + side, 178)) for side in (-24, 30, -36, 42)]
    return (
        bowls
        + line(steps)
        + "".join(dot(*point, 2.5) for point in steps)
        + line(leaps)
        + "".join(dot(*point, 2.5) for point in leaps)
    )


def schedule() -> str:
    cosine = curve(lambda x: 50 - 32 * math.cos(math.pi * (x - 14) / 210), 14, 224)
    stairs = [(14, 30), (84, 30), (84, 56), (154, 56), (154, 70), (224, 70)]
    return axes() + line([(14, 18), (224, 18)], HALF, "2 4") + cosine + line(stairs, dash="6 3")


def momentum() -> str:
    rings = "".join(
        f'<ellipse cx="120" cy="48" rx="{r}" ry="{r * 0.36:g}" fill="none" stroke-opacity="0.3"/>'
        for r in (108, 74, 40)
    )
    zigzag = [(16 + 12 * at, 48 + (26 - 2.4 * at) * (-1) ** at) for at in range(9)]
    smooth = [(16, 74), (44, 66), (76, 58), (110, 51), (150, 48)]
    return rings + line(zigzag, HALF, "3 3") + line(smooth) + tip(smooth[-2], smooth[-1])


def augment() -> str:
    outline = '<path d="M-12 12h24v-16l-12-10l-12 10z" fill="currentColor" fill-opacity="0.45"/>'
    shape = outline + '<circle cx="6" cy="-2" r="2.5" fill="none"/>'
    views = ("", "rotate(16)", "scale(-1 1)", "scale(1.35)")
    frames = "".join(field(8 + 58 * at, 22, 50, 52, 0) for at in range(4))
    return frames + "".join(
        f'<g transform="translate({33 + 58 * at} 50) {view}">{shape}</g>' for at, view in enumerate(views)
    )


def dropout() -> str:
    gone = {(0, 1), (1, 4), (2, 0), (2, 3)}
    drawn = ""
    for x in range(3):
        for y in range(5):
            at = (50 + 70 * x, 14 + 17 * y)
            drawn += dot(*at, 6, 0 if (x, y) in gone else HALF)
            if (x, y) in gone:
                drawn += line([(at[0] - 6, at[1] - 6), (at[0] + 6, at[1] + 6)]) + line(
                    [(at[0] - 6, at[1] + 6), (at[0] + 6, at[1] - 6)]
                )
    return drawn


def batchnorm() -> str:
    wide = curve(lambda x: 80 - 36 * gauss(x, 74, 24), 8, 112)
    narrow = curve(lambda x: 80 - 66 * gauss(x, 184, 13), 140, 228)
    return (
        wide
        + line([(8, 80), (112, 80)], HALF)
        + arrow((114, 48), (136, 48))
        + narrow
        + line([(140, 80), (228, 80)], HALF)
        + (line([(28, 84), (28, 12)], HALF, "3 3") + line([(184, 84), (184, 12)], HALF, "3 3"))
    )


def confusion() -> str:
    strong = {(0, 0): 0.8, (1, 1): 0.7, (2, 2): 0.85, (3, 3): 0.45, (3, 1): 0.5}
    return "".join(
        field(78 + 21 * x, 6 + 21 * y, 20, 20, strong.get((y, x), 0.07), 1) for y in range(4) for x in range(4)
    )


def calibration() -> str:
    heights = (0.12, 0.3, 0.48, 0.6, 0.68)
    bars = "".join(field(80 + 16 * at, 86 - 78 * h, 14, 78 * h, HALF, 1) for at, h in enumerate(heights))
    return line([(78, 6), (78, 86), (160, 86)], HALF) + bars + line([(78, 86), (160, 6)], dash="4 3")


def gradcam() -> str:
    strong = {(1, 2): 0.4, (2, 2): 0.75, (2, 3): 0.6, (3, 2): 0.5, (3, 3): 0.7, (1, 3): 0.3}
    grid = "".join(
        field(66 + 18 * x, 3 + 18 * y, 18, 18, strong.get((y, x), 0.03), 0) for y in range(5) for x in range(6)
    )
    return grid + '<circle cx="120" cy="54" r="22" fill="none" stroke-width="2.5"/>'


def pca() -> str:
    points = [
        (120 + 80 * a - 12 * b, 48 - 24 * a - 26 * b)
        for a, b in zip(
            (-0.9, -0.7, -0.55, -0.4, -0.3, -0.1, 0, 0.1, 0.2, 0.35, 0.5, 0.6, 0.8, 0.95),
            (0.2, -0.4, 0.5, -0.1, -0.6, 0.6, -0.3, 0.1, 0.7, -0.5, 0.3, -0.2, 0.2, -0.1),
            strict=True,
        )
    ]
    return "".join(dot(*point, 3, HALF) for point in points) + arrow((30, 75), (214, 20)) + arrow((106, 76), (134, 20))


def knn() -> str:
    near, far = (
        ((104, 34), (138, 30), (146, 62), (98, 66), (124, 80)),
        ((40, 24), (60, 72), (196, 20), (206, 70), (24, 52), (178, 44)),
    )
    filled = "".join(dot(x, y, 4) for x, y in (*near[:3], *far[:2]))
    hollow = "".join(f'<circle cx="{x}" cy="{y}" r="4" fill="none"/>' for x, y in (*near[3:], *far[2:]))
    return (
        filled
        + hollow
        + '<circle cx="120" cy="52" r="40" fill="none" stroke-dasharray="4 3"/>'
        + line([(114, 52), (126, 52)])
        + line([(120, 46), (120, 58)])
    )


PICTURES = (
    cut,
    freeze,
    prefix,
    backbone,
    head,
    softmax,
    overfitting,
    interval,
    svm,
    block,
    epoch,
    split,
    rate,
    schedule,
    momentum,
    augment,
    dropout,
    batchnorm,
    confusion,
    calibration,
    gradcam,
    pca,
    knn,
)


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    for draw in PICTURES:
        whole = (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDE} {HIGH}" stroke="currentColor" '
            f'stroke-width="1.6" stroke-linejoin="round" stroke-linecap="round">{draw()}</svg>\n'
        )
        (FOLDER / f"{draw.__name__}.svg").write_text(whole, encoding="utf-8")


if __name__ == "__main__":
    main()
