"""Short versions of `python -m tests.proofs uploads`: two visitors, and how its figures are judged."""

from copy import deepcopy

import pytest
from patience import PATIENCE_S
from streamlit.proto.Common_pb2 import FileURLs
from streamlit.runtime.uploaded_file_manager import UploadedFile, UploadedFileRec

import pages.data.import_forms  # noqa: F401 (says how files are copied)
from tests.proofs import uploads
from tests.proofs.finding import unmet
from tests.proofs.uploads import Seen, brought, judged


@pytest.mark.processes
@pytest.mark.slow
def test_files_of_40_megabytes_are_taken_in_and_leave_the_memory_of_the_server(monkeypatch):
    monkeypatch.setattr(uploads, "QUIET_S", 3.0)
    monkeypatch.setattr(uploads, "BACK_S", PATIENCE_S)
    seen = brought(2, 40_000_000)
    assert unmet(judged(seen)) == []
    assert seen.n_albums == [1, 1]


@pytest.mark.parametrize(
    ("memory", "back_s"),
    [
        ([(1.0, 100), (12.0, 105)], 0.0),  # the most came before the last press
        ([(1.0, 400), (15.0, 111), (16.0, 110)], 5.0),
        ([(1.0, 400), (15.0, 110), (16.0, 300), (17.0, 90)], 6.0),  # it came again
        ([(1.0, 100), (20.0, 111)], float("inf")),
        ([], float("inf")),
    ],
)
def test_memory_is_back_when_it_was_above_for_the_last_time(memory, back_s):
    assert Seen(before=100, pressed_s=10.0, memory=memory).back_s == back_s


def test_a_visitor_without_data_set_and_without_a_sentence_is_lost():
    seen = Seen(n_albums=[1, 0, 0], said=[["here"], ["too many"], []], statuses=[204] * 3, memory=[(0.0, 1)])
    seen.pages_s = [0.1]
    found = {finding.what: finding for finding in judged(seen)}
    assert found["taken in, refused with a sentence"].found == "1, 1"
    assert not found["taken in, refused with a sentence"].is_met
    assert not found["visitors who were told what came of it"].is_met


def test_a_copy_of_what_a_field_holds_takes_no_memory_of_its_own():
    file = UploadedFile(UploadedFileRec("id", "ours.zip", "application/zip", b"content"), FileURLs(file_id="id"))
    copy = deepcopy([file])[0]
    assert copy.getvalue() is file.getvalue()
    assert (copy, copy.name, copy.type, copy.size) == (file, "ours.zip", "application/zip", 7)
    copy.write(b"C")
    assert (copy.getvalue(), file.getvalue()) == (b"Content", b"content")
