"""Who was admitted: across a restart, until it expires or is revoked."""

import pytest

from tl_core.disk import files
from tl_core.store.instructor.admissions import LASTS_S, TICKET_LASTS_S, Admissions


class Clock:
    now_s = 1e9

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_an_admission_survives_a_restart_until_it_expires(tmp_path, clock):
    id = Admissions(tmp_path, clock).admit()
    again = Admissions(tmp_path, clock)
    assert again.holds(id)
    clock.now_s += LASTS_S - 1
    assert again.holds(id)
    clock.now_s += 1
    assert not again.holds(id)


@pytest.mark.parametrize("id", [None, "", "a" * 32])
def test_nobody_is_admitted_without_one_of_ours(tmp_path, clock, id):
    made = Admissions(tmp_path, clock)
    made.admit()
    assert not made.holds(id)


def test_a_revoked_admission_is_none_any_more_after_a_restart_either_and_others_stay(tmp_path, clock):
    made = Admissions(tmp_path, clock)
    left, stays = made.admit(), made.admit()
    made.revoke(left)
    made.revoke(None)
    for one in (made, Admissions(tmp_path, clock)):
        assert (one.holds(left), one.holds(stays)) == (False, True)


def test_what_has_expired_is_kept_no_longer(tmp_path, clock):
    made = Admissions(tmp_path, clock)
    first = made.admit()
    clock.now_s += LASTS_S
    made.admit()
    assert first not in (tmp_path / "admissions.json").read_text()


def test_a_ticket_works_once_and_for_a_minute(tmp_path, clock):
    made = Admissions(tmp_path, clock)
    id = made.admit()
    ticket, late, revoked = made.ticket(id), made.ticket(id), made.ticket(id)
    assert [made.redeem(ticket), made.redeem(ticket), made.redeem("")] == [id, None, None]
    clock.now_s += TICKET_LASTS_S
    assert made.redeem(late) is None
    revoked = made.ticket(id)
    made.revoke(id)
    assert made.redeem(revoked) is None


@pytest.mark.parametrize("content", [b"", b"[1]", b"{", b'{"a": "x"}', b'{"a": null}', b"\xff"])
def test_a_damaged_file_admits_nobody_and_is_replaced(tmp_path, clock, content):
    (tmp_path / "admissions.json").write_bytes(content)
    made = Admissions(tmp_path, clock)
    assert not made.holds("a")
    id = made.admit()
    assert Admissions(tmp_path, clock).holds(id)


def test_a_disk_that_refuses_keeps_nobody_out_and_nobody_in(tmp_path, clock, monkeypatch):
    made = Admissions(tmp_path, clock)
    left = made.admit()

    def refuse(beside, path):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "put_in_place", refuse)
    stays = made.admit()
    made.revoke(left)
    assert (made.holds(left), made.holds(stays)) == (False, True)
    assert not Admissions(tmp_path, clock).holds(left)
