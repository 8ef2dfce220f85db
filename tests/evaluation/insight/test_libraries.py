import ast
import subprocess
import sys

from patience import PATIENCE_S

from tl_core.evaluation.insight.parts import PARTS
from tl_core.paths import PROJECT

ROOM = PROJECT / "tl_core" / "evaluation"
HEAVY = ("scipy", "sklearn", "statsmodels")


def imported_late(source: str) -> set[str]:
    """Returns the modules of heavy libraries that a source imports, wherever in it."""
    found = (node.module or "" for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom))
    return {name for name in found if name.split(".")[0] in HEAVY}


def test_all_that_answers_in_the_server_import_late_was_loaded_ahead():
    names = [f"insight/{part.name}" for part in PARTS.values() if not part.is_computed]
    files = [ROOM / f"{name}.py" for name in ("scores", "insight/class_order", *names)]
    needed = set().union(*(imported_late(path.read_text(encoding="utf-8")) for path in files))
    assert {name.split(".")[0] for name in needed} == set(HEAVY)
    code = "import sys; from tl_core.evaluation.insight import libraries; libraries.load(); print(*sys.modules)"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, cwd=PROJECT, check=True, timeout=PATIENCE_S)
    assert needed - set(done.stdout.split()) == set()
