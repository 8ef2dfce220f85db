"""Which runs a list shows: the same question, asked of a record and of the database."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from tl_core.store import transitions
from tl_core.store.access import Visitor
from tl_core.store.records import ANY_SWEEP, RunRecord, RunState, Visibility


@dataclass(frozen=True)
class RunFilter:
    """What `RunStore.list_runs` was asked for, and means by it."""

    by: Visitor | None = None
    owner: str | None = None
    visibility: Visibility | None = None
    states: Collection[RunState] | None = None
    text: str | None = None
    sweep: str | None = None

    def fits(self, record: RunRecord) -> bool:
        """Says whether a run belongs into the list."""
        by, text = self.by, transitions.search_text(self.text or "")
        return (
            (by is None or by.is_instructor or record.owner == by.owner or record.visibility is Visibility.CLASS)
            and self.owner in (None, record.owner)
            and self.visibility in (None, record.visibility)
            and (self.states is None or record.state in self.states)
            and self.sweep in (ANY_SWEEP, record.sweep_id)
            and (text in transitions.search_words(record) or record.id.startswith(text))
        )

    def as_sql(self) -> tuple[str, list[str | None]]:
        """Returns the same as a condition with question marks, and the values of these."""
        parts: list[tuple[str, Sequence[str | None]]] = [("TRUE", [])]
        if self.by is not None and not self.by.is_instructor:
            parts.append(("(owner = ? OR visibility = ?)", [self.by.owner, Visibility.CLASS.value]))
        if self.owner is not None:
            parts.append(("owner = ?", [self.owner]))
        if self.visibility is not None:
            parts.append(("visibility = ?", [Visibility(self.visibility).value]))
        if self.states is not None:
            states = [RunState(state).value for state in self.states]
            parts.append((f"state IN ({', '.join('?' * len(states))})", states))
        if self.sweep is None:
            parts.append(("+sweep_id IS NULL", []))  # no index: most runs are of none, and lists are read by age
        elif self.sweep != ANY_SWEEP:
            parts.append(("sweep_id = ?", [self.sweep]))
        if text := transitions.search_text(self.text or ""):
            parts.append(("(instr(words, ?) OR substr(id, 1, length(?)) = ?)", [text] * 3))
        return " AND ".join(condition for condition, _ in parts), [value for _, values in parts for value in values]
