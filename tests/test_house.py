"""Holds the plan of the house: a room stands above all that it imports, Keras stays where it belongs, and no test reads
a clock.

Floors, from the bottom. A room is a package of `tl_core` (or a module that stands alone), `pages`, `app`.
"""

import ast
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
from patience import PATIENCE_S

from tl_core.paths import PROJECT

FLOORS = {
    "errors": 1,
    "paths": 1,
    "disk": 1,
    "fields": 1,
    "seeds": 1,
    "phrases": 1,
    "download": 1,
    "datasets": 2,
    "spec": 2,
    "faults": 2,
    "models": 3,
    "store": 3,
    "training": 4,
    "bundles": 4,
    "ingest": 4,
    "evaluation": 4,
    "planning": 4,
    "experiments": 4,
    "lessons": 4,
    "charts": 5,
    "engine": 5,
    "export": 5,
    "bench": 6,
    "commands": 6,
    "__main__": 6,
    "pages": 6,
    "app": 7,
}

# who may name Keras at all; everything else gets it through these
KERAS = (
    "tl_core.models.",
    "tl_core.training.",
    "tl_core.export.",
    "tl_core.evaluation.explain.",
    "tl_core.engine.worker.",
    "tl_core.bench.",
)
TENSORFLOW = (
    "tl_core.engine.worker.device",
    "tl_core.evaluation.explain.explained",
    "tl_core.models.batchnorm",
    "tl_core.models.fold",
    "tl_core.training.steps",
    "tl_core.training.extraction",
    "tl_core.bench.",
    "tl_core.export.",
)

# what the server process imports: neither Keras nor TensorFlow may come along
LIGHT = [
    "tl_core.engine.service",
    "tl_core.models.catalog",
    "tl_core.store.sqlite.store",
    "tl_core.datasets.contents",
    "tl_core.engine.imports.process",
    "tl_core.planning.plan",
    "tl_core.evaluation.scores",
    "tl_core.evaluation.insight.calibration",
    "tl_core.evaluation.insight.errors",
    "tl_core.evaluation.insight.libraries",
    "tl_core.evaluation.insight.pairs",
    "tl_core.experiments.presets",
    "tl_core.experiments.table",
    "tl_core.lessons.catalog",
    "tl_core.lessons.code_check.check",
    "tl_core.lessons.linter",
    "tl_core.models.weights",
    "tl_core.__main__",
    *sorted(f"tl_core.charts.{path.stem}" for path in (PROJECT / "tl_core" / "charts").glob("[a-z]*.py")),
]


def modules() -> dict[str, ast.Module]:
    """Returns every module of the app, name → syntax tree."""
    files = [PROJECT / "app.py", *(PROJECT / "pages").rglob("*.py"), *(PROJECT / "tl_core").rglob("*.py")]
    return {_name(path): ast.parse(path.read_text()) for path in files if path.exists()}


def _name(path: Path) -> str:
    parts = path.relative_to(PROJECT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(tree: ast.AST) -> Iterator[str]:
    """Yields all that a module imports, also inside functions; `from a import b` counts as "a.b"."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imports_when_loaded(tree: ast.Module) -> Iterator[str]:
    """Yields what is imported as soon as the module is: not what waits in a function or stands there for types only."""
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield from imports(ast.Module([node], []))


def room(name: str) -> str:
    """Returns the room of a module or of something imported from it."""
    parts = name.split(".")
    return parts[1] if parts[0] == "tl_core" and len(parts) > 1 else parts[0]


def is_ours(name: str) -> bool:
    return name.split(".")[0] in ("tl_core", "pages", "app")


def package(name: str) -> str:
    return name.split(".")[0]


MODULES = modules()
EDGES = [(name, target) for name, tree in MODULES.items() for target in imports(tree)]


def test_there_is_a_house_to_look_at():
    assert {"tl_core.spec", "tl_core.engine.service", "tl_core.models.cuts"} <= set(MODULES)
    assert len(EDGES) > 200


def test_every_room_has_a_floor():
    assert {room(name) for name in MODULES if name != "tl_core"} - set(FLOORS) == set()


def test_no_import_runs_up():
    up = [
        f"{name} imports {target}"
        for name, target in EDGES
        if is_ours(target) and target != "tl_core" and FLOORS[room(target)] > FLOORS[room(name)]
    ]
    assert up == []


def test_rooms_do_not_import_each_other_in_circles():
    graph: dict[str, set[str]] = {}
    for name, target in EDGES:
        if is_ours(target) and room(target) != room(name):
            graph.setdefault(room(name), set()).add(room(target))
    assert set(TopologicalSorter(graph).static_order()) >= set(graph)  # raises CycleError, which names the circle


def test_modules_do_not_import_each_other_in_circles():
    graph = {name: {_module(target) for target in imports(tree) if is_ours(target)} for name, tree in MODULES.items()}
    assert set(TopologicalSorter(graph).static_order()) >= set(graph)


def _module(target: str) -> str:
    return target if target in MODULES else target.rpartition(".")[0]


def test_a_step_imports_what_pages_share_and_itself_and_what_they_share_imports_no_step():
    def step(name: str) -> str:
        return name.split(".")[1]

    among_pages = [(name, target) for name, target in EDGES if package(name) == package(target) == "pages"]
    across = [(name, target) for name, target in among_pages if step(target) not in ("ui", step(name))]
    assert [edge for edge in across if step(edge[0]) != "measures"] == []
    assert {step(target) for _, target in among_pages} >= {"ui", "lab", "data", "classroom"}


def test_the_core_never_imports_streamlit():
    assert [name for name, target in EDGES if name.startswith("tl_core") and package(target) == "streamlit"] == []


def test_keras_is_imported_only_where_networks_are_made_and_trained():
    users = {name for name, target in EDGES if package(target) == "keras"}
    assert {name for name in users if not name.startswith(KERAS)} == set()


def test_tensorflow_is_imported_only_where_keras_has_no_equal():
    users = {name for name, target in EDGES if package(target) in ("tensorflow", "jax", "torch")}
    assert {name for name in users if not name.startswith(TENSORFLOW)} == set()


@pytest.mark.parametrize("name", [name for name in MODULES if room(name) in ("app", "pages")])
def test_loading_a_page_never_reaches_keras(name):
    reached, waiting = set(), [name]
    while waiting:
        found = waiting.pop()
        if found not in reached:
            reached.add(found)
            waiting += [
                _module(t) if is_ours(t) else package(t) for t in imports_when_loaded(MODULES.get(found, EMPTY))
            ]
    assert reached & {"keras", "tensorflow"} == set()


EMPTY = ast.Module([], [])


def test_only_one_module_counts_folders():
    counting = re.compile(r"__file__\)(\.resolve\(\))?(\.parent\.parent|\.parents\[)")
    files = [*(PROJECT / "pages").rglob("*.py"), *(PROJECT / "tl_core").rglob("*.py")]
    found = {_name(path) for path in files if counting.search(path.read_text())}
    assert found == {"tl_core.paths"}


def test_no_module_is_longer_than_one_reads_at_a_time():
    paths = [*(PROJECT / "pages").rglob("*.py"), *(PROJECT / "tl_core").rglob("*.py")]
    lines = {path.relative_to(PROJECT).as_posix(): len(path.read_text().splitlines()) for path in paths}
    assert {name: n for name, n in lines.items() if n > 300} == {}


@pytest.mark.parametrize(
    ("room", "most"), [("pages", 11), ("tl_core/engine", 12), ("tl_core/store", 17), ("tl_core/datasets", 9)]
)
def test_no_room_is_a_heap(room, most):
    inside = {path.name for path in (PROJECT / room).iterdir() if not path.name.startswith("__")}
    assert len(inside) <= most, sorted(inside)


def test_nobody_has_a_room_without_a_noun():
    words = {"utils", "helpers", "common", "base", "misc"}
    assert [name for name in MODULES if words & set(name.split("."))] == []


def test_no_arguments_are_put_into_a_dictionary_only_to_be_taken_out_again():
    hidden = []
    for name, tree in MODULES.items():
        for function in (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)):
            made = {node.targets[0].id for node in ast.walk(function) if _is_table(node)}
            uses = Counter(node.id for node in ast.walk(function) if isinstance(node, ast.Name))
            given = [keyword.value for call in _calls(function) for keyword in call.keywords if keyword.arg is None]
            once = {value.id for value in given if isinstance(value, ast.Name) and uses[value.id] == 2}
            hidden += [f"{name}.{function.name}: {variable}" for variable in made & once]
    assert hidden == []


def _is_table(node: ast.AST) -> bool:
    """Says whether a dictionary with names for keys is put into a variable."""
    is_named = isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
    return (
        is_named and isinstance(node.value, ast.Dict) and all(isinstance(key, ast.Constant) for key in node.value.keys)
    )


def _calls(function: ast.FunctionDef) -> Iterator[ast.Call]:
    return (node for node in ast.walk(function) if isinstance(node, ast.Call))


def test_what_the_server_imports_loads_neither_keras_nor_tensorflow_nor_what_statistics_are_made_with():
    code = f"import sys, importlib; [importlib.import_module(name) for name in {LIGHT!r}]; " + (
        "print({'keras', 'tensorflow', 'streamlit', 'scipy', 'sklearn', 'statsmodels'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=PROJECT, timeout=PATIENCE_S)
    assert (done.stdout.strip(), done.returncode) == ("set()", 0), done.stderr


def test_importing_the_core_loads_nothing_of_it():
    code = "import sys, tl_core; print(sorted(name for name in sys.modules if name.startswith(('tl_core.', 'numpy'))))"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, check=True, timeout=PATIENCE_S)
    assert done.stdout.strip() == "[]"


# ---- clocks ----

CLOCKS = r"(?:monotonic|perf_counter|process_time|thread_time|default_timer|clock_gettime|utcnow)(?:_ns)?"
A_CLOCK = re.compile(rf"{CLOCKS}|(?:time|_time)\.(?:time|time_ns|sleep)|datetime\.now|ru_[us]time|_?sleep")
A_CLOCK_IN_TEXT = re.compile(rf"\b{CLOCKS}\(|\btime\.(?:time|time_ns|sleep)\(|\bdatetime\.now\(|\bru_[us]time\b")
A_LIMIT_IN_TEXT = re.compile(r"\b(?:default_)?timeout=[\d_.]*[1-9]")
LIMITS = {"timeout", "default_timeout", "timeout_s", "timeout_ms", "limit_s"}
WAITS = {"wait", "join", "result", "exception", "acquire"}  # what may be given its limit without a name
# the limit itself, what measures, and this file
CLOCKS_OF_THEIR_OWN = ("patience.py", "brake.py", "bench/", "proofs/", "test_house.py")


def clocks(source: str) -> Iterator[str]:
    """Yields where a test reads a clock, pauses for a time, or waits for a number of seconds of its own."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            for found in (A_CLOCK_IN_TEXT, A_LIMIT_IN_TEXT):
                yield from (f"{node.lineno}: {match[0]} in a text" for match in found.finditer(node.value))
        elif isinstance(node, ast.Call):
            yield from (f"{node.lineno}: {what}" for what in _clocks_of(node))


def _clocks_of(call: ast.Call) -> Iterator[str]:
    name, own = ast.unparse(call.func), getattr(call.func, "attr", "")
    is_clock = A_CLOCK.fullmatch(own or name) or A_CLOCK.fullmatch(".".join(name.split(".")[-2:]))
    if is_clock and not (own == "sleep" and _seconds(call.args) == 0):  # asyncio's: it only lets others go first
        yield f"{name}()"
    for keyword in call.keywords:
        if keyword.arg in LIMITS and _seconds([keyword.value]) > 0:
            yield f"{keyword.arg}={ast.unparse(keyword.value)}"
    if own in WAITS and len(call.args) == 1 and _seconds(call.args) >= 1:
        yield f".{own}({ast.unparse(call.args[0])})"


def _seconds(values: list[ast.expr]) -> float:
    """Returns a number that stands there as such; -1 if none does."""
    is_one = len(values) == 1 and isinstance(values[0], ast.Constant) and isinstance(values[0].value, int | float)
    return float(values[0].value) if is_one else -1.0


TESTS = {path.relative_to(PROJECT / "tests").as_posix(): path for path in sorted((PROJECT / "tests").rglob("*.py"))}


@pytest.mark.parametrize("name", [name for name in TESTS if not name.startswith(CLOCKS_OF_THEIR_OWN)])
def test_no_test_reads_a_clock_or_waits_for_a_number_of_seconds_of_its_own(name):
    assert list(clocks(TESTS[name].read_text())) == []


@pytest.mark.parametrize(
    "source",
    [
        *("time.monotonic()", "start = perf_counter()", "time.time()", "time.sleep(1)", "datetime.now()", "sleep(0.1)"),
        *("run(timeout=3)", "app(default_timeout=30)", "thread.join(10)", "future.result(1.5)", "asyncio.sleep(0.1)"),
        *("code = 'import time; time.process_time()'", "code = 'queue.get(timeout=60)'", "f'{a} perf_counter() {b}'"),
        "usage.ru_utime()",
    ],
)
def test_a_clock_is_seen_wherever_it_is_read(source):
    assert len(list(clocks(source))) == 1


@pytest.mark.parametrize(
    "source",
    [
        *("patch(time, 'monotonic', lambda: 3)", "clock = time.monotonic", "run(timeout=PATIENCE_S)", "get(timeout=0)"),
        *("', '.join('ab')", "pause.wait(0.05)", "asyncio.sleep(0)", "epoch(seconds=2.0)", "'a monotonic clock'"),
    ],
)
def test_a_clock_that_a_test_turns_itself_is_none(source):
    assert list(clocks(source)) == []
