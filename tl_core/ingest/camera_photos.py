"""What a browser's camera sent: a burst of small JPEG pictures in data addresses; anybody may send anything else."""

import base64
import binascii

from tl_core.errors import InputError

MOST_PHOTOS = 24  # of one burst; so many are taken in while the visitor waits
MOST_BYTES = 2_000_000  # of a photo of at most 640 px
PREFIX = "data:image/jpeg;base64,"


def photos_of(sent: object) -> list[bytes]:
    """Returns what a browser sent as photos.

    Raises:
        InputError: "bad_photos" for anything but a list of small JPEG data addresses.
    """
    if not isinstance(sent, list) or not 0 < len(sent) <= MOST_PHOTOS:
        raise InputError("bad_photos", most=MOST_PHOTOS)
    return [_photo(one) for one in sent]


def _photo(address: object) -> bytes:
    if isinstance(address, str) and address.startswith(PREFIX) and len(address) <= MOST_BYTES * 4 // 3 + len(PREFIX):
        try:
            return base64.b64decode(address.removeprefix(PREFIX), validate=True)
        except binascii.Error:
            pass
    raise InputError("bad_photos", most=MOST_PHOTOS)
