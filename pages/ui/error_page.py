"""What a visitor sees of what nobody foresaw: a sentence and an id, never a traceback."""

from urllib.parse import urlsplit

import streamlit as st

from pages.ui import state
from pages.ui.text import sentence, t
from tl_core.disk.error_log import log_error
from tl_core.errors import TransferLabError
from tl_core.store.cookies import COOKIE


def show(fault: Exception) -> bool:
    """Writes what a page, a fragment or a callback did not catch into the server's log, and says its id on the page.

    Args:
        fault: What was raised. Streamlit hands it to the `on_script_error` of `st.App`.

    Returns:
        True: Streamlit need not say more.

    Thread:
        Script thread.
    """
    hidden = (st.context.cookies.get(COOKIE), state.get("owner"))
    id_ = log_error(fault, urlsplit(st.context.url or "").path, hidden)
    is_ours = isinstance(fault, TransferLabError)
    st.error(t("frame.known_fault", sentence=sentence(fault), id=id_) if is_ours else t("frame.fault", id=id_))
    return True
