"""What the database keeps beside runs: measured speeds, what the instructor has set, who the owners are.

Settings and owners have a copy outside of the database, so that a damaged one costs the class neither its names nor
its limits. Speeds are measured again.
"""

import json
import sqlite3
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

from tl_core.disk.files import write_atomic
from tl_core.errors import StoreError
from tl_core.store.names import now
from tl_core.store.records import OwnerRecord
from tl_core.store.sqlite.rows import to_json, unpacked
from tl_core.store.store import MayCome

COPY_NAME = "class.json"


def note(connection: sqlite3.Connection, table: str, key: str) -> dict | None:
    """Returns what was noted last in the table "timing" or "setting" under a key."""
    row = connection.execute(f"SELECT value FROM {table} WHERE key = ?", (key,)).fetchone()
    return unpacked(row["value"], None) if row else None


def put_note(connection: sqlite3.Connection, table: str, key: str, value: dict) -> None:
    """Notes a value in the table "timing" or "setting", in place of any earlier one."""
    connection.execute(f"INSERT OR REPLACE INTO {table} VALUES (?, ?)", (key, to_json(value)))


def owners(connection: sqlite3.Connection) -> dict[str, OwnerRecord]:
    """Returns all owners by id, the first to come first."""
    rows = connection.execute("SELECT id, seq, name, address, since FROM owner ORDER BY seq")
    return {row["id"]: OwnerRecord(**row) for row in rows}


def put_owner(
    connection: sqlite3.Connection, owner: str, may_come: MayCome, name: str | None = None, address: str | None = None
) -> None:
    """Adds an owner who is not known yet, if `may_come` allows it, and notes name and address, if there are any."""
    if owner not in (known := owners(connection)):
        may_come(known.values())
        connection.execute("INSERT INTO owner (id, since) VALUES (?, ?)", (owner, now()))
    query = "UPDATE owner SET name = coalesce(?, name), address = coalesce(?, address) WHERE id = ?"
    connection.execute(query, (name, address, owner))


def edit_owners(connection: sqlite3.Connection, ids: Collection[str], changes: dict[str, str | None]) -> None:
    """Changes columns of owners."""
    columns = ", ".join(f"{name} = ?" for name in changes)
    connection.executemany(f"UPDATE owner SET {columns} WHERE id = ?", [(*changes.values(), id) for id in ids])


def keep_copy(connection: sqlite3.Connection, home: Path) -> None:
    """Writes owners and settings into the data folder. A full disk costs only the copy."""
    settings = {row["key"]: row["value"] for row in connection.execute("SELECT * FROM setting")}
    names = [[owner.seq, owner.id, owner.name] for owner in owners(connection).values()]
    with suppress(StoreError):
        write_atomic(home / COPY_NAME, to_json({"owners": names, "settings": settings}).encode())


def restore_copy(connection: sqlite3.Connection, home: Path) -> None:
    """Adds the owners and settings that have a copy but no row."""
    try:
        data = json.loads((home / COPY_NAME).read_bytes())
        connection.executemany("INSERT OR IGNORE INTO owner (seq, id, name) VALUES (?, ?, ?)", data["owners"])
        connection.executemany("INSERT OR IGNORE INTO setting VALUES (?, ?)", list(data["settings"].items()))
    except (OSError, ValueError, TypeError, LookupError, AttributeError, OverflowError):
        return  # no copy, or a damaged one
    except (sqlite3.ProgrammingError, sqlite3.IntegrityError, sqlite3.InterfaceError):
        return  # odd values in it
