"""What a browser sends as photos, and what it might send instead."""

import base64

import pytest

from tl_core.errors import InputError
from tl_core.ingest.camera_photos import MOST_BYTES, MOST_PHOTOS, PREFIX, photos_of
from tl_core.phrases import explain


def address(data: bytes) -> str:
    return PREFIX + base64.b64encode(data).decode()


def test_a_burst_of_photos_arrives_as_it_was_taken():
    assert photos_of([address(b"one"), address(b"two")]) == [b"one", b"two"]


@pytest.mark.parametrize(
    "sent",
    [
        [],
        "data:image/jpeg;base64,AAAA",
        {"0": address(b"one")},
        [address(b"one")] * (MOST_PHOTOS + 1),
        [address(b"one"), None],
        ["data:text/html;base64,AAAA"],
        [f"{PREFIX}not base64!"],
        [address(bytes(MOST_BYTES + 3))],
    ],
)
def test_anything_else_is_refused_in_one_sentence(sent):
    with pytest.raises(InputError) as caught:
        photos_of(sent)
    assert caught.value.code == "bad_photos"
    assert str(MOST_PHOTOS) in explain(caught.value, "en")
