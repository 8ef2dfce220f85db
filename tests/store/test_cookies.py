"""Whose browser it is: signed keys, and what the store gets to see of them."""

import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tl_core.errors import StoreError
from tl_core.store.cookies import is_instructor_key, new_cookie, owner_of, server_secret

SECRET = b"s" * 32


def test_a_cookie_of_ours_names_its_owner_and_always_the_same_one():
    cookie = new_cookie(SECRET)
    owner = owner_of(cookie, SECRET)
    assert owner == owner_of(cookie, SECRET)
    assert len(owner) == 32
    assert set(owner) <= set("0123456789abcdef")


def test_no_two_browsers_get_the_same_key():
    assert len({owner_of(new_cookie(SECRET), SECRET) for _ in range(200)}) == 200


def test_the_owner_does_not_tell_the_key():
    cookie = new_cookie(SECRET)
    assert owner_of(cookie, SECRET) not in cookie
    assert cookie.split(".")[0] not in owner_of(cookie, SECRET)


@given(st.none() | st.text(max_size=100))
def test_what_we_did_not_sign_is_nobodys(received):
    assert owner_of(received, SECRET) is None


def test_a_cookie_of_another_server_or_one_that_was_changed_is_nobodys():
    cookie = new_cookie(SECRET)
    key, _, signature = cookie.partition(".")
    for forged in (f"{'0' * 32}.{signature}", key, f"{key}.", f"{cookie}x", cookie.swapcase()):
        assert owner_of(forged, SECRET) is None
    assert owner_of(cookie, b"t" * 32) is None


def test_the_secret_lasts_and_only_its_owner_can_read_it(tmp_path):
    secret = server_secret(tmp_path)
    assert server_secret(tmp_path) == secret
    assert len(secret) == 32
    assert stat.S_IMODE((tmp_path / "cookie.secret").stat().st_mode) == 0o600


def test_a_damaged_secret_is_replaced(tmp_path):
    (tmp_path / "cookie.secret").write_bytes(b"short")
    assert len(server_secret(tmp_path)) == 32


def test_a_folder_that_cannot_be_written_is_one_of_our_errors(tmp_path):
    with pytest.raises(StoreError) as caught:
        server_secret(tmp_path / "missing")
    assert caught.value.code == "home_not_writable"


@pytest.mark.parametrize(
    ("key", "received", "is_right"),
    [
        ("secret key", "secret key", True),
        ("secret key", "secret", False),
        ("教师", "教师", True),
        ("a", "\udcff", False),
    ],
)
def test_the_instructors_key_is_the_one_of_the_start(monkeypatch, key, received, is_right):
    monkeypatch.setenv("TL_INSTRUCTOR_KEY", key)
    assert is_instructor_key(received) is is_right


@pytest.mark.parametrize("received", ["", "None", "0"])
def test_without_a_key_nobody_is_the_instructor(monkeypatch, received):
    monkeypatch.delenv("TL_INSTRUCTOR_KEY", raising=False)
    assert not is_instructor_key(received)
    monkeypatch.setenv("TL_INSTRUCTOR_KEY", "")
    assert not is_instructor_key(received)
