"""Links of the operator's: once, for some minutes, whoever makes and opens them."""

import threading
from urllib.parse import parse_qs, urlsplit

import pytest

from tl_core.store.instructor.links import LASTS_S, make_link, note_address, use_link


def code_of(link: str) -> str:
    return parse_qs(urlsplit(link).query)["admit"][0]


def test_a_link_admits_once(tmp_path):
    link, _ = make_link(tmp_path)
    assert [use_link(tmp_path, code_of(link)) for _ in range(3)] == [True, False, False]


def test_a_link_expires_and_is_cleared_away_by_the_next(tmp_path):
    link, expires_s = make_link(tmp_path, now_s=1000.0)
    assert expires_s == 1000.0 + LASTS_S
    assert not use_link(tmp_path, code_of(link), now_s=expires_s)
    make_link(tmp_path, now_s=1000.0)
    make_link(tmp_path, now_s=1000.0 + LASTS_S)
    assert len(list((tmp_path / "links").iterdir())) == 1


@pytest.mark.parametrize("code", ["", ".", "../admissions.json", "x" * 10_000, "\0", "\udcff"])
def test_what_is_no_code_of_ours_admits_nobody_and_touches_no_file(tmp_path, code):
    make_link(tmp_path)
    before = sorted(tmp_path.rglob("*"))
    assert not use_link(tmp_path, code)
    assert sorted(tmp_path.rglob("*")) == before


def test_the_folder_does_not_tell_the_code(tmp_path):
    link, _ = make_link(tmp_path)
    (file,) = (tmp_path / "links").iterdir()
    assert code_of(link) not in f"{file.name} {file.read_text()}"


def test_of_many_who_open_a_link_at_the_same_time_one_is_admitted(tmp_path):
    code = code_of(make_link(tmp_path)[0])
    admitted, together = [], threading.Barrier(20)

    def open_it() -> None:
        together.wait()
        admitted.append(use_link(tmp_path, code))

    threads = [threading.Thread(target=open_it) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(admitted) == 1


def test_a_link_leads_to_the_server_as_it_was_noted_or_as_it_is_told(tmp_path):
    assert make_link(tmp_path)[0].startswith("http://localhost:8501/classroom?admit=")
    note_address(tmp_path, "http://localhost:9000/lab")
    assert make_link(tmp_path)[0].startswith("http://localhost:9000/lab/classroom?admit=")
    assert make_link(tmp_path, "https://lab.example/")[0].startswith("https://lab.example/classroom?admit=")
