import pytest

from tl_core.engine.worker.device import prepare


@pytest.fixture(scope="module", autouse=True)
def keras_is_set_up():
    prepare()
