"""The table of what the worker can be asked for."""

import inspect
from importlib import import_module

import pytest

from tl_core.engine.worker.device import prepare
from tl_core.engine.worker.requests import CLASSIFY, REQUESTS


@pytest.mark.parametrize("name", REQUESTS)
def test_each_row_has_a_module_that_takes_its_inputs(name):
    prepare()
    run = import_module(f"tl_core.engine.worker.tasks.{name}").run
    assert tuple(inspect.signature(run).parameters) == ("kept", *REQUESTS[name].inputs)
    assert inspect.isgeneratorfunction(run)


@pytest.mark.parametrize("inputs", [{}, {"subject": "a"}, {"subject": "a", "images": "b", "size": 3}])
def test_a_message_has_the_inputs_of_its_row_and_no_others(inputs):
    with pytest.raises(TypeError, match="classify takes"):
        CLASSIFY.message(**inputs)


def test_a_message_names_its_row():
    assert CLASSIFY.message(subject="a", images="b") == {"do": "classify", "subject": "a", "images": "b"}
