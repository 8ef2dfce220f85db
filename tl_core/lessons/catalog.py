"""All missions that are there: those that come with the lab, and those that an instructor put into the data folder."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from tl_core.datasets.own.album import ALBUMS
from tl_core.disk.error_log import log_error
from tl_core.errors import InputError
from tl_core.lessons.mission import Mission
from tl_core.lessons.mission_file import FILE, read_file, read_mission
from tl_core.lessons.mission_text import MissionText, check_text, read_text
from tl_core.paths import ASSETS
from tl_core.phrases import LANGUAGES

BUNDLED = ASSETS / "lessons"
OWN = "lessons"
"""Folder in the data folder."""


@dataclass(frozen=True)
class Lesson:
    """A mission with its words.

    Attributes:
        mission: What is done.
        texts: Language → what is said.
    """

    mission: Mission
    texts: Mapping[str, MissionText]


@dataclass(frozen=True)
class Found:
    """What lies in the folders.

    Attributes:
        lessons: Id → lesson, in the order in which they are listed.
        broken: What is wrong with each of the others, by their files.
    """

    lessons: Mapping[str, Lesson]
    broken: Sequence[InputError]


def lessons(home: Path | None = None) -> Found:
    """Returns all missions; one that cannot be read says why, and the others go on.

    Args:
        home: The data folder; one of its missions takes the place of one of the same name that comes with the lab.
    """
    found: dict[str, Lesson] = {}
    broken = []
    roots = {BUNDLED: None} | ({home / OWN: home} if home else {})
    for root, data in roots.items():
        for folder in sorted(path.parent for path in root.glob(f"*/{FILE}")):
            read = _read(folder, data, _stamp(folder, data))
            if isinstance(read, InputError):
                broken.append(read)
            else:
                found[folder.name] = read
    ordered = sorted(found.values(), key=lambda one: (one.mission.order, one.mission.id))
    return Found({one.mission.id: one for one in ordered}, broken)


@lru_cache(maxsize=128)
def _read(folder: Path, home: Path | None, stamp: tuple) -> Lesson | InputError:
    """Returns the lesson of a folder, or what is wrong with it; read once for each state of its files and albums."""
    try:
        return read_lesson(folder, home)
    except InputError as error:
        return error
    except Exception as error:  # whatever somebody's file brings about, all others go on
        log_error(error, f"{folder.name}/{FILE}")
        return InputError("mission_unreadable", file=f"{folder.name}/{FILE}")


def read_lesson(folder: Path, home: Path | None = None) -> Lesson:
    """Returns the lesson of a folder.

    Args:
        folder: Where.
        home: The data folder, where the lesson may have runs on albums.

    Raises:
        InputError: As `read_mission`, `read_text` and `check_text`.
    """
    mission, texts = read_mission(folder, home), {}
    for language in LANGUAGES:
        file = f"{folder.name}/{language}.md"
        words = read_file(folder / f"{language}.md")
        texts[language] = read_text(words, file)
        check_text(texts[language], mission, file)
    return Lesson(mission, texts)


def _stamp(folder: Path, home: Path | None) -> tuple:
    """Returns what changes whenever one of a folder's files does, or an album comes or goes."""
    stamps = []
    files = [folder / name for name in (FILE, *(f"{language}.md" for language in LANGUAGES))]
    for path in (*files, *([home / ALBUMS] if home else [])):
        try:
            stat = path.stat()
            stamps.append((stat.st_mtime_ns, stat.st_size))
        except OSError:
            stamps.append(None)
    return tuple(stamps)
