"""What the files in an archive are called.

A ZIP need not say in which encoding its names are. One name alone can be read in several ways (the bytes of 猫 in
China's GBK are those of "è" in UTF-8), so all names of an archive are read in one encoding: the one in which they are
the least surprising text.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from itertools import chain, islice

from tl_core.ingest.archive.directory import Entry

MAX_SHOWN_LENGTH = 200

_UTF8_FLAG = 0x800
_UNIX, _MACOS = 3, 19
_MAX_JUDGED_PARTS = 4000
_MAX_BROKEN_BYTES = 500_000

# How unlikely a sign is, in bits: about -log2 of (how often its kind is used in names / how many of the kind exist).
_ASCII_BITS, _WORD_BITS, _SYMBOL_BITS, _OTHER_BITS, _NEVER_BITS, _BROKEN_BITS = 5, 10, 15, 18, 25, 20
_KANA_BITS, _ACCENT_BITS, _IDEOGRAPH_BITS = 9, 8, (12, 16, 22)  # an everyday one, a less common one, a rare one
_LONELY_ACCENT_BITS = 10  # more, where no plain Latin letter is beside it
_MIXED_WORD_BITS = 4  # more, where an ideograph is in the middle of a Latin word
_MIXED_SCRIPTS_BITS = 10  # more, where a Greek or Cyrillic letter is beside a Latin one
_UNEXPECTED_BITS = {"utf-8": 6, "gb18030": 0, "cp932": 3, "cp437": 3}  # on Windows
_UNEXPECTED_ON_UNIX_BITS = {"utf-8": 0, "gb18030": 16, "cp932": 16, "cp437": 16}
# the everyday ideographs of a country: its own character set, and where the first level of it lies
_EVERYDAY = {"cp932": ("shift_jis", b"\x88\x9f", b"\x98\x72")}
_EVERYDAY_ELSEWHERE = ("gb2312", b"\xb0\xa1", b"\xd7\xf9")

_RARE_ACCENT = re.compile("[ƀ-ɏ](?<![ơƠưƯǍ-ǜȘ-ț])")  # in no word but of a few languages, whose letters are left out
_LONELY_ACCENT = re.compile("(?<![A-Za-z])[À-ɏ](?![A-Za-z])")
_MIXED_WORD = re.compile("(?<=[a-z])[぀-鿿]|[぀-鿿](?=[a-z])")
_MIXED_SCRIPTS = re.compile("(?<=[A-Za-zÀ-ɏ])[Ͱ-ӿ]|[Ͱ-ӿ](?=[A-Za-zÀ-ɏ])")
_WORD_LETTERS = re.compile("[Α-ωА-яёא-ת؀-ۿ฀-๿Ḁ-ỿ가-힣̀-ͯ]")
_ODD_PLACES = {
    _LONELY_ACCENT: _LONELY_ACCENT_BITS,
    _MIXED_WORD: _MIXED_WORD_BITS,
    _MIXED_SCRIPTS: _MIXED_SCRIPTS_BITS,
}
_BROKEN = re.compile("[\udc80-\udcff]")
_ESCAPES = str.maketrans({"%": "%25"} | {chr(0xDC00 + byte): f"%{byte:02X}" for byte in range(0x80, 0x100)})


def decode_names(entries: Sequence[Entry]) -> tuple[list[str], str]:
    """Returns every entry's name as text, and the encoding of those that do not say theirs.

    Args:
        entries: The whole directory; an encoding is decided once for all.

    Returns:
        Names in the order of the entries, parts separated by "/", otherwise as they stand (".." and all); bytes that
        mean nothing are written %FF, and names that differ in the archive never become the same text by that. The
        encoding is "ascii" (nothing to decide), "utf-8", "gb18030", "cp932" or "cp437".
    """
    names = [_stated_name(entry) for entry in entries]
    unstated = [entry for entry, name in zip(entries, names, strict=True) if name is None]
    encoding = decide_encoding([entry.name for entry in unstated], _is_from_unix(unstated)) if unstated else "ascii"
    for at, name in enumerate(names):
        if name is None:
            names[at] = _decoded(entries[at].name, encoding)
    return _escaped(_separated(_read_broken(names, entries, encoding), _is_from_unix(entries))), encoding


def decide_encoding(names: Sequence[bytes], is_from_unix: bool) -> str:
    """Returns the encoding in which an archive's names are the least surprising.

    Args:
        names: Raw names that are not plain ASCII and do not state their encoding.
        is_from_unix: Written on Unix or macOS, where names are nearly always UTF-8.
    """
    folders = dict.fromkeys(name.rpartition(b"/")[0] for name in names)
    parts = chain(folders, (name.rpartition(b"/")[2] for name in names))  # every folder once, and as many files
    judged = [part[:MAX_SHOWN_LENGTH] for part in islice(parts, _MAX_JUDGED_PARTS)]
    priors = _UNEXPECTED_ON_UNIX_BITS if is_from_unix else _UNEXPECTED_BITS
    return min(priors, key=lambda encoding: priors[encoding] + _surprise(judged, encoding))


def shown_path(path: str) -> str:
    """Returns a path fit to be shown: at most 200 characters, none of them invisible."""
    shown = path if len(path) <= MAX_SHOWN_LENGTH else path[: MAX_SHOWN_LENGTH - 1] + "…"
    if not shown.isprintable():
        shown = "".join("?" if unicodedata.category(sign) in _INVISIBLE else sign for sign in shown)
    return shown or "?"


_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def _stated_name(entry: Entry) -> str | None:
    """Returns the name of an entry that says how to read it; None if it does not, or says what is not true."""
    if entry.unicode_name:
        return entry.unicode_name
    return _decoded(entry.name, "utf-8" if entry.flags & _UTF8_FLAG else "ascii")


def _decoded(name: bytes, encoding: str) -> str | None:
    try:
        return name.decode(encoding)
    except UnicodeDecodeError:
        return None


def _read_broken(names: list[str | None], entries: Sequence[Entry], encoding: str) -> list[str]:
    """Fills in names that are not wholly in the encoding; a flood of them is not worth the time to look for letters."""
    pairs = list(zip(names, entries, strict=True))
    if sum(len(entry.name) for name, entry in pairs if name is None) > _MAX_BROKEN_BYTES:
        encoding = "ascii"
    return [entry.name.decode(encoding, "surrogateescape") if name is None else name for name, entry in pairs]


def _is_from_unix(entries: Sequence[Entry]) -> bool:
    return all(entry.host in (_UNIX, _MACOS) for entry in entries)


# --- which encoding


def _surprise(parts: list[bytes], encoding: str) -> float:
    """Returns how unlikely these names are as text in this encoding, in bits."""
    text = "\n".join(part.decode(encoding, "surrogateescape") for part in parts)
    bits = sum(n * _sign_bits(sign, encoding) for sign, n in Counter(text).items())
    return bits + sum(more * sum(1 for _ in pattern.finditer(text)) for pattern, more in _ODD_PLACES.items())


def _sign_bits(sign: str, encoding: str) -> float:
    if sign <= "\x7f":
        return _ASCII_BITS
    if "一" <= sign <= "鿿":
        return _ideograph_bits(sign, encoding)
    if "ぁ" <= sign <= "ヿ":
        return _SYMBOL_BITS if encoding == "gb18030" else _KANA_BITS
    if "À" <= sign <= "ɏ" and sign.isalpha():
        return _SYMBOL_BITS if _RARE_ACCENT.match(sign) else _ACCENT_BITS
    if _BROKEN.match(sign):
        return _BROKEN_BITS
    if unicodedata.category(sign) in _INVISIBLE or sign == "\xa0":
        return _NEVER_BITS
    if encoding == "utf-8":
        return _WORD_BITS if _WORD_LETTERS.match(sign) else _SYMBOL_BITS
    return _SYMBOL_BITS if "\u3000" <= sign <= "〿" or "！" <= sign <= "ﾟ" else _OTHER_BITS


def _ideograph_bits(sign: str, encoding: str) -> float:
    charset, first, last = _EVERYDAY.get(encoding, _EVERYDAY_ELSEWHERE)
    code = sign.encode(charset, "ignore")
    everyday, less_common, rare = _IDEOGRAPH_BITS
    if not code:
        return rare
    return everyday if first <= code <= last else less_common


# --- one way to write a path


def _separated(names: list[str], is_from_unix: bool) -> list[str]:
    """Returns names with "/" for the backslash of Windows tools; on Unix it may be a letter like any other."""
    if is_from_unix and any("/" in name for name in names):
        return names
    return [name.replace("\\", "/") for name in names]


def _escaped(names: list[str]) -> list[str]:
    """Returns names with every byte that could not be read written %FF, and then also every % written %25."""
    if not any(map(_BROKEN.search, names)):
        return names
    for at, name in enumerate(names):
        names[at] = name.translate(_ESCAPES)
    return names
