"""The download of a classifier, without the internet."""

import threading
from types import SimpleNamespace

import pytest

from tl_core.engine.requests import Requests
from tl_core.errors import UnavailableError
from tl_core.models import fetched_top
from tl_core.models.fetched_top import FetchedTop


def test_a_download_tells_how_far_it_is_and_when_it_has_ended(tmp_path, monkeypatch):
    told, may_end = threading.Event(), threading.Event()

    def fetch(backbone_id, home, *, on_progress):
        on_progress(3, 10)
        told.set()
        may_end.wait()

    monkeypatch.setattr(fetched_top, "fetch_top", fetch)
    fetched = FetchedTop("vgg16", tmp_path)
    told.wait()
    assert (fetched.done_bytes, fetched.total_bytes, fetched.is_done) == (3, 10, False)
    may_end.set()
    fetched.wait()
    assert (fetched.is_done, fetched.error) == (True, None)


def test_a_download_that_fails_keeps_its_reason(tmp_path, monkeypatch):
    reason = UnavailableError("download_failed", host="a", file="b", reason="offline")

    def fail(*args, **more):
        raise reason

    monkeypatch.setattr(fetched_top, "fetch_top", fail)
    fetched = FetchedTop("vgg16", tmp_path)
    fetched.wait()
    assert (fetched.is_done, fetched.error) == (True, reason)


@pytest.mark.parametrize("n_failed", [0, 1])
def test_a_second_wish_joins_the_download_and_begins_anew_only_after_a_failure(tmp_path, monkeypatch, n_failed):
    begun = []

    def fetch(*args, **more):
        begun.append(args)
        if len(begun) <= n_failed:
            raise UnavailableError("download_failed", host="a", file="b", reason="offline")

    monkeypatch.setattr(fetched_top, "fetch_top", fetch)
    requests = Requests(None, tmp_path, SimpleNamespace(lock=threading.Lock()), None)
    assert requests.fetched_top("vgg16") is None
    requests.fetch_top("vgg16").wait()
    requests.fetch_top("vgg16").wait()
    assert len(begun) == 1 + n_failed
