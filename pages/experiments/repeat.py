"""The same experiment once more: its settings filled in, here or by a link."""

import streamlit as st

from pages.experiments.own import VARY
from pages.experiments.settings import FIELDS, PREFIX, SEEDS
from pages.ui import controls, state
from pages.ui.sweep_names import link
from pages.ui.text import sentence, t
from tl_core.disk.home import data_home
from tl_core.errors import TransferLabError
from tl_core.experiments.own import to_text
from tl_core.experiments.presets import PRESETS
from tl_core.experiments.sweep import Level, Sweep
from tl_core.planning.lab_link import LabLink
from tl_core.planning.plan import plan_run
from tl_core.spec import RunSpec
from tl_core.store.records import SweepRecord, Visibility


def begin(sweep: Sweep) -> None:
    """Opens the settings of an experiment, filled in as it had them; starts nothing."""
    if sweep.kind not in PRESETS:
        try:
            spec = _base(sweep)
        except TransferLabError as error:
            st.error(sentence(error))
            return
        controls.fill(LabLink(spec, with_baseline=bool(state.get("baseline", True))))
        state.put("planned", spec)
    state.open_experiment(_query(sweep))
    st.rerun()


def draw_links(record: SweepRecord, sweep: Sweep) -> None:
    """Draws the addresses that open an experiment, and that ask the same again."""
    with st.popover(t("experiments.links"), icon=":material/link:"):
        st.markdown(t("experiments.link_open"))
        if record.visibility is Visibility.PRIVATE:
            st.caption(t("experiments.link_private"))
        st.code(link(record.id), language=None, wrap_lines=True)
        try:
            settings = {} if sweep.kind in PRESETS else LabLink(_base(sweep)).to_query()
        except TransferLabError as error:  # its data set was deleted
            st.caption(sentence(error))
            return
        st.markdown(t("experiments.link_repeat"))
        query = {**settings, **_query(sweep), "lang": state.language()}
        st.code(state.address(query, "experiments"), language=None, wrap_lines=True)


def _query(sweep: Sweep) -> dict[str, str]:
    """Returns an experiment's settings as its own page has them in the address."""
    said = {f"{PREFIX}kind": sweep.kind, SEEDS: str(len(sweep.seeds))}
    if sweep.kind in PRESETS:
        arms = dict.fromkeys(str(cell.factors["arm"]) for cell in sweep.cells if "arm" in cell.factors)
        said |= {f"{PREFIX}arms": ",".join(arms)} if arms else {}
        return said | {PREFIX + name: str(sweep.base[name]) for name in FIELDS if name in sweep.base}
    return said | {VARY: to_text(_levels(sweep))}


def _levels(sweep: Sweep) -> dict[str, tuple[Level, ...]]:
    return {name: tuple(dict.fromkeys(cell.factors[name] for cell in sweep.cells)) for name in sweep.factors}


def _base(sweep: Sweep) -> RunSpec:
    """Returns the run whose settings an experiment of one's own varies.

    Raises:
        TransferLabError: Its data set is gone.
    """
    return plan_run(sweep.base, data_home())
