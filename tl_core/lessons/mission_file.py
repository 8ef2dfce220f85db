"""The plan of a mission, from its TOML file; what is wrong with one is said with file and line."""

import re
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from tl_core.errors import InputError, TransferLabError
from tl_core.experiments.presets import PRESETS
from tl_core.lessons.measures import VALUES
from tl_core.lessons.mission import NOISE, Measure, Mission, Step

FILE = "mission.toml"
MOST_BYTES = 100_000
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_TOP = {"minutes": int, "order": int, "conclusion": str, "runs": dict, "sweeps": dict, "measures": dict, "step": list}
_MEASURE = {"kind": str, "runs": list, "of": str, "is_lowest": bool, "sweep": str}
_N_RUNS = {"value": (1, 1), "difference": (2, 2), "ratio": (2, 2), "best": (2, 9), "order": (2, 9), "curve": (2, 9)}
_STEP = {"id": str, "kind": str, "form": str, "measure": str, "tolerance": float, "runs": list, "sweep": str}
_STEP |= {"show": str, "choices": list, "right": str}
_ALLOWED = {
    "read": ("show", "runs"),
    "predict": ("form", "measure", "tolerance", "choices"),
    "run": ("runs", "sweep"),
    "look": ("show", "runs", "sweep", "measure", "choices", "right"),
    "explain": ("show", "runs", "sweep"),
    "quiz": ("choices", "right"),
}
_NEEDED = {
    "predict": ("form", "measure"),
    "look": ("show",),
    "quiz": ("choices", "right"),
}
_SHOWS = {"read": ("map",), "look": ("curves", "results", "proof", "sweep"), "explain": ("results", "proof", "sweep")}
_FORMS = {
    "choice": ("best", "sweep"),
    "number": ("value", "difference", "ratio"),
    "order": ("order",),
    "sketch": ("curve",),
}


class _File:
    """A file whose mistakes are told: where something stands in it, and what may stand there."""

    def __init__(self, name: str, text: str) -> None:
        self.name, self.lines = name, text.splitlines()

    def line(self, header: str, nth: int = 0, key: str = "") -> int:
        """Returns the line of a table's header, the nth of this name, or of a key in that table; 1 where it is not."""
        seen = -1
        for number, line in enumerate(self.lines, start=1):
            seen += line.strip() == header
            if seen == nth and (not key or re.match(rf'\s*"?{re.escape(key)}"?\s*[.=]', line)):
                return number
            if seen == nth and key and line.startswith("[") and line.strip() != header:
                break
        return self.line(header, nth) if key else 1

    def refuse(self, line: int, received: object, allowed: Collection, what: str) -> InputError:
        return InputError(
            "mission_value", file=self.name, line=line, what=what, received=str(received)[:80], allowed=list(allowed)
        )


def read_mission(folder: Path, home: Path | None = None) -> Mission:
    """Returns the mission whose plan lies in a folder.

    Args:
        folder: Where.
        home: The data folder, where the mission may have runs on albums.

    Raises:
        InputError: "mission_unreadable" (file), "mission_syntax" (file, line, reason), "mission_value" (file, line,
            what, received, allowed) or "mission_run" (file, line, what, why: the error of its settings).
    """
    name = f"{folder.name}/{FILE}"
    text = read_file(folder / FILE)
    try:
        told = tomllib.loads(text)
    except RecursionError as error:
        raise InputError("mission_unreadable", file=name) from error
    except ValueError as error:
        at, why = re.search(r"line (\d+)", str(error)), str(error).partition(" (at")[0]
        line = int(at[1]) if at else len(text.splitlines())
        raise InputError("mission_syntax", file=name, line=line, reason=why) from error
    return _mission(folder.name, told, _File(name, text), home)


def read_file(path: Path) -> str:
    """Returns the text of one of a mission's files.

    Raises:
        InputError: "mission_unreadable" (file).
    """
    try:
        if not path.is_file() or path.stat().st_size > MOST_BYTES:
            raise ValueError
        return path.read_bytes().decode()
    except (OSError, ValueError) as error:
        raise InputError("mission_unreadable", file=f"{path.parent.name}/{path.name}") from error


def _mission(id: str, told: Mapping[str, Any], file: _File, home: Path | None) -> Mission:
    if not _ID.fullmatch(id):
        raise file.refuse(1, id, [_ID.pattern], "id")
    _check_keys(told, _TOP, file, "", 0, needed=("minutes", "order", "step"))
    tables = {}
    for name in ("runs", "sweeps", "measures"):
        tables[name] = told.get(name, {})
        for key, value in tables[name].items():
            if not isinstance(value, dict):
                raise file.refuse(file.line(f"[{name}]", key=key), value, [f"[{name}.{key}]"], key)
            if key == NOISE or not _ID.fullmatch(key.replace("_", "-")):
                raise file.refuse(file.line(f"[{name}.{key}]"), key, [_ID.pattern], name)
    measures = {name: _measure(name, value, tables, file) for name, value in tables["measures"].items()}
    conclusion = told.get("conclusion", "")
    if conclusion and (conclusion not in measures or measures[conclusion].kind not in _FORMS["choice"]):
        allowed = [name for name, one in measures.items() if one.kind in _FORMS["choice"]]
        raise file.refuse(_top_line(file, "conclusion"), conclusion, allowed, "conclusion")
    mission = Mission(
        id, told["minutes"], told["order"], tables["runs"], tables["sweeps"], measures, steps=(), conclusion=conclusion
    )
    _check_settings(mission, file, home)
    steps = tuple(_step(nth, value, mission, file) for nth, value in enumerate(told["step"]))
    if not steps or len({step.id for step in steps}) < len(steps):
        ids = [step.id for step in steps]
        nth = next((at for at, one in enumerate(ids) if one in ids[:at]), 0)
        raise file.refuse(file.line("[[step]]", nth, "id"), ids[nth] if ids else "", ["…"], "id")
    return Mission(
        id, told["minutes"], told["order"], tables["runs"], tables["sweeps"], measures, steps, conclusion=conclusion
    )


def _measure(name: str, told: Mapping[str, Any], tables: Mapping[str, Mapping], file: _File) -> Measure:
    header = f"[measures.{name}]"
    _check_keys(told, _MEASURE, file, header, 0, needed=("kind",))

    def check(key: str, received: object, allowed: Collection) -> None:
        if received not in allowed:
            raise file.refuse(file.line(header, key=key), received, allowed, key)

    check("kind", told["kind"], (*_N_RUNS, "sweep"))
    if told["kind"] == "sweep":
        check("sweep", told.get("sweep", ""), tuple(tables["sweeps"]))
        return Measure(name, "sweep", sweep=told["sweep"])
    runs = tuple(told.get("runs", ()))
    for run in runs:
        check("runs", run, tuple(tables["runs"]))
    low, high = _N_RUNS[told["kind"]]
    if not low <= len(set(runs)) == len(runs) <= high:
        raise file.refuse(file.line(header, key="runs"), list(runs), [f"{low} … {high}"], "runs")
    check("of", told.get("of", Measure.of), tuple(VALUES))
    return Measure(name, told["kind"], runs, told.get("of", Measure.of), told.get("is_lowest", False))


def _check_settings(mission: Mission, file: _File, home: Path | None) -> None:
    """Makes the spec of every run and the trials of every sweep, so that a lesson does not stop at its middle."""
    for name, options in mission.runs.items():
        line = file.line(f"[runs.{name}]")
        twin = options.get("baseline_of")
        others = [other for other, value in mission.runs.items() if "baseline_of" not in value]
        if twin is not None and (twin not in others or len(options) > 1):
            raise file.refuse(file.line(f"[runs.{name}]", key="baseline_of"), twin, others, "baseline_of")
        try:
            mission.spec(name, home)
        except TransferLabError as error:
            raise InputError("mission_run", file=file.name, line=line, what=name, why=error.to_dict()) from error
    for name, options in mission.sweeps.items():
        header = f"[sweeps.{name}]"
        if not isinstance(options.get("kind"), str) or options["kind"] not in PRESETS:
            raise file.refuse(file.line(header, key="kind"), options.get("kind"), PRESETS, "kind")
        try:
            mission.sweep(name, home).trials(home)
        except TransferLabError as error:
            line = file.line(header)
            raise InputError("mission_run", file=file.name, line=line, what=name, why=error.to_dict()) from error
        except (TypeError, ValueError) as error:
            raise file.refuse(file.line(header, key="seeds"), options.get("seeds"), ["1 … 30"], "seeds") from error


def _step(nth: int, told: Mapping[str, Any], mission: Mission, file: _File) -> Step:
    header = "[[step]]"
    if not isinstance(told, dict):
        raise file.refuse(file.line(header, nth), told, [header], "step")
    _check_keys(told, _STEP, file, header, nth, needed=("id", "kind"))

    def check(key: str, received: object, allowed: Collection) -> None:
        if received not in allowed:
            raise file.refuse(file.line(header, nth, key), received, allowed, key)

    if not _ID.fullmatch(told["id"]) or told["id"] in ("runs", "end"):
        raise file.refuse(file.line(header, nth, "id"), told["id"], [_ID.pattern], "id")
    kind = told["kind"]
    check("kind", kind, tuple(_ALLOWED))
    for key in told.keys() - {"id", "kind"}:
        if key not in _ALLOWED[kind]:
            raise file.refuse(file.line(header, nth, key), key, ("id", "kind", *_ALLOWED[kind]), kind)
    for key in _NEEDED.get(kind, ()):
        if key not in told:
            raise file.refuse(file.line(header, nth), "", [key], kind)
    for run in told.get("runs", ()):
        check("runs", run, tuple(mission.runs))
    if "sweep" in told:
        check("sweep", told["sweep"], tuple(mission.sweeps))
    if kind == "run" and not told.get("runs") and "sweep" not in told:
        raise file.refuse(file.line(header, nth), "", ["runs", "sweep"], kind)
    if "show" in told:
        check("show", told["show"], _SHOWS[kind])
        if not told.get("sweep" if told["show"] == "sweep" else "runs"):
            raise file.refuse(file.line(header, nth), "", ["sweep" if told["show"] == "sweep" else "runs"], "show")
    choices = tuple(map(str, told.get("choices", ())))
    if "measure" in told:
        check("measure", told["measure"], tuple(mission.measures))
        if kind == "predict":
            check("form", told["form"], tuple(_FORMS))
            fitting = [name for name, one in mission.measures.items() if one.kind in _FORMS[told["form"]]]
        else:
            fitting = [name for name in mission.measures if mission.verdicts(name)]
        if told.get("form") == "sketch":  # a chart from 0 to 100 %
            fitting = [name for name in fitting if VALUES[mission.measures[name].of].unit == "share"]
        check("measure", told["measure"], fitting)
        choices = mission.verdicts(told["measure"])
    if told.get("right"):
        check("right", told["right"], choices)
    if choices and kind in ("look", "quiz") and "measure" not in told and not told.get("right"):
        raise file.refuse(file.line(header, nth, "choices"), "", ["right", "measure"], kind)
    return Step(
        told["id"],
        kind,
        told.get("form"),
        told.get("measure", ""),
        float(told.get("tolerance", 0.0)),
        tuple(told.get("runs", ())),
        told.get("sweep", ""),
        told.get("show"),
        choices,
        told.get("right", ""),
    )


def _check_keys(
    told: Mapping[str, Any],
    known: Mapping[str, type],
    file: _File,
    header: str,
    nth: int,
    *,
    needed: Collection[str],
) -> None:
    for key, value in told.items():
        line = file.line(header, nth, key) if header else _top_line(file, key)
        if key not in known:
            raise file.refuse(line, key, known, header or FILE)
        kinds = (int, float) if known[key] is float else known[key]
        if not isinstance(value, kinds) or (isinstance(value, bool) and known[key] is not bool):
            raise file.refuse(line, value, [known[key].__name__], key)
    for key in needed:
        if key not in told:
            raise file.refuse(file.line(header, nth) if header else 1, "", [key], header or FILE)


def _top_line(file: _File, key: str) -> int:
    """Returns the line of a key or table of the top level."""
    found = re.compile(rf"(\[+)?{re.escape(key)}\b")
    return next((number for number, line in enumerate(file.lines, start=1) if found.match(line)), 1)
