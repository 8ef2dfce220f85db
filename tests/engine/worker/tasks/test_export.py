"""Making a file beside the worker: others compute meanwhile, and what goes wrong is a sentence."""

import zipfile

import pytest

from tests.engine.worker.tasks.finished import finished
from tests.export.finished_runs import written
from tl_core.engine.worker.kept import Kept
from tl_core.errors import WorkerError
from tl_core.export.cache import kept as kept_file
from tl_core.export.formats import Exported

pytestmark = pytest.mark.processes


def task(home, source, format: str, name: str = "x.zip"):
    from tl_core.engine.worker.tasks.export import run

    return run(Kept.empty(home), source=source.to_dict(), format=format, target=str(home / name))


def test_a_file_is_made_while_others_have_their_turns(home):
    making, n_turns = task(home, written(home, [0, 1], [0, 1], 3), "card"), 0
    while True:
        try:
            assert next(making) is None
            n_turns += 1
        except StopIteration as end:
            told = Exported.from_dict(end.value)
            break
    assert n_turns > 1
    assert told == Exported(home / "x.zip", "card", None) == kept_file(home / "x.zip")
    assert set(zipfile.ZipFile(home / "x.zip").namelist()) == {"card.md", "card.html"}


@pytest.mark.full
def test_what_made_it_fail_keeps_its_code_and_leaves_nothing(home):
    with pytest.raises(WorkerError, match="file_damaged"):  # there are no weights
        finished(task(home, written(home, [0, 1], [0, 1], 3), "keras"))
    assert not (home / "x.zip").exists()


def test_whoever_breaks_off_ends_its_process_too(home):
    making = task(home, written(home, [0, 1], [0, 1], 3), "card")
    next(making)
    making.close()
    assert not (home / "x.zip").exists()
