"""Whose browser it is: signed keys, and what the store gets to see of them."""

import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tl_core.errors import StoreError
from tl_core.store.cookies import admission_cookie, admission_of, new_cookie, owner_of, server_secret

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


@given(st.none() | st.text(max_size=100))
def test_an_admission_that_we_did_not_sign_is_none(received):
    assert admission_of(received, SECRET, "key") is None


def test_an_admission_is_read_by_the_server_that_gave_it_as_long_as_the_instructors_key_is_the_same():
    cookie = admission_cookie("a" * 32, SECRET, "key \udcff")
    assert admission_of(cookie, SECRET, "key \udcff") == "a" * 32
    assert admission_of(cookie, SECRET, "other key") is None
    assert admission_of(cookie, b"t" * 32, "key \udcff") is None
    assert admission_of(new_cookie(SECRET), SECRET, "") is None
    assert owner_of(admission_cookie("a" * 32, SECRET, ""), SECRET) is None
