"""What a visitor has chosen. The only module that touches `st.session_state` and the address.

Streamlit forgets a widget's value when its page is left, and clears the address when another page is opened. So every
choice is kept under a name of its own, and the address is written again on every page.
"""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

import streamlit as st

from tl_core.engine.singleton import admissions, secret
from tl_core.phrases import LANGUAGES
from tl_core.store.access import Visitor
from tl_core.store.cookies import ADMISSION, COOKIE, address_mark, admission_of, owner_of, passing_owner
from tl_core.store.instructor.key import client_address, key_in_use

_KEPT = "kept"
OF_LANGUAGE = "@"  # before the language of a widget that has one of its own in each
LEARN = "learn"  # the page whose address says where in which lesson one is
OF_LEARN = ("view", "mission", "step")
EXPERIMENT = "sweep"  # how the names begin that say in the address which experiment it is


def _kept() -> dict[str, Any]:
    return st.session_state.setdefault(_KEPT, {})


def get(name: str, default: object = None) -> Any:
    """Returns a choice that this visitor made earlier."""
    return _kept().get(name, default)


def put(name: str, value: object) -> None:
    """Remembers a choice until the tab is closed."""
    _kept()[name] = value


def pop(name: str) -> Any:
    """Returns something that was kept, and forgets it."""
    return _kept().pop(name, None)


def widget_key(name: str, *, of_language: bool = False) -> str:
    """Returns the key of the widget for a choice; another one whenever the choice was filled in from outside.

    Args:
        name: Of the choice.
        of_language: Whether it is another one in each language, too.
    """
    n_filled = get("filled", {}).get(name, 0)
    language_ = f"{OF_LANGUAGE}{language()}" if of_language else ""
    return (f"w:{name}#{n_filled}" if n_filled else f"w:{name}") + language_


def widget_value(name: str) -> Any:
    """Returns what the browser said last of the widget for a choice."""
    return st.session_state[widget_key(name)]


def set_widget(name: str, value: object) -> None:
    """Gives a widget a value, as if the visitor had chosen it; before it is drawn.

    A widget that was drawn before is replaced by another one that starts with this value.
    """
    if get(name, ...) == value:
        return
    put(name, value)
    if any(str(key).partition(OF_LANGUAGE)[0] == widget_key(name) for key in st.session_state):
        put("filled", {**get("filled", {}), name: get("filled", {}).get(name, 0) + 1})


def language() -> str:
    """Returns "en" or "zh": from the address, then from the visit, then from the browser."""
    kept = _kept()  # once: every text of a page is looked up by this
    asked = st.query_params.get("lang", kept.get("language"))
    if asked not in LANGUAGES:
        asked = "zh" if str(st.context.locale or "").lower().startswith("zh") else "en"
    kept["language"] = asked
    return asked


def set_language(chosen: str) -> None:
    """Changes the language of this visit."""
    put("language", chosen)
    st.query_params["lang"] = chosen


def run_id() -> str | None:
    """Returns the run that this visitor looks at: from the address, then from the visit."""
    asked = st.query_params.get("run", get("run"))
    put("run", asked)
    return asked


def open_run(chosen: str | None) -> None:
    """Makes a run the one that this visitor looks at."""
    put("run", chosen)
    if chosen is None:
        st.query_params.pop("run", None)
    else:
        st.query_params["run"] = chosen


def visitor() -> Visitor:
    """Returns in whose name this visit acts: the owner of the browser's cookie.

    Where the browser keeps no cookies, the visit owns what it starts for as long as the tab is open.
    """
    owner = owner_of(st.context.cookies.get(COOKIE), secret()) or get("owner") or passing_owner()
    put("owner", owner)
    return Visitor(owner, is_instructor=admissions().holds(admission()), address=address_mark(client(), secret()))


def admission() -> str | None:
    """Returns the id of the admission that this visit or its browser was given, whether it still holds or not."""
    return get("admission") or admission_of(st.context.cookies.get(ADMISSION), secret(), key_in_use())


def client() -> str:
    """Returns the address from where this visit comes, as far as it can be believed."""
    return client_address(st.context.ip_address, st.context.headers.get_all("X-Forwarded-For"))


def pop_asked(name: str) -> str | None:
    """Returns what the address says under a name, and takes it out of the address."""
    asked = st.query_params.get(name)
    st.query_params.pop(name, None)
    return asked


def asked_settings() -> dict[str, list[str]]:
    """Returns what the address says beside language, run and experiment: a name may come with several values, or be
    anything.
    """
    others = [
        name for name in st.query_params if name not in ("lang", "run", *OF_LEARN) and not name.startswith(EXPERIMENT)
    ]
    return {name: st.query_params.get_all(name) for name in others}


def names_run() -> bool:
    """Says whether the address names a run."""
    return "run" in st.query_params


def all_asked() -> dict[str, list[str]]:
    """Returns all that the address says."""
    return {name: st.query_params.get_all(name) for name in st.query_params}


def learning() -> dict[str, str]:
    """Returns where on Learn this visitor is: view, mission and step; from the address, then from the visit.

    From the visit only where another page was left for Learn: then the address says nothing. On Learn itself an address
    without a place is where the browser went back to.
    """
    asked = {name: st.query_params[name] for name in OF_LEARN if name in st.query_params}
    put("learning", asked or ({} if get("page") == LEARN else get("learning", {})))
    return dict(get("learning"))


def open_learning(said: Mapping[str, str]) -> None:
    """Goes somewhere else on Learn; nothing: to its beginning.

    The address changes at once as a whole: each change is a place to which the browser goes back.
    """
    put("learning", dict(said))
    others = {name: values for name, values in all_asked().items() if name not in OF_LEARN}
    if all_asked() != (asked := {**others, **{name: [value] for name, value in said.items()}}):
        st.query_params.from_dict(asked)


def experiment() -> dict[str, str]:
    """Returns which experiment this visitor looks at or sets up: from the address, then from the visit."""
    asked = {name: st.query_params[name] for name in st.query_params if name.startswith(EXPERIMENT)}
    put("experiment", asked or get("experiment", {}))
    return dict(get("experiment"))


def open_experiment(said: Mapping[str, str]) -> None:
    """Makes an experiment the one that this visitor looks at or sets up; nothing: none of them."""
    put("experiment", dict(said))
    for name in [name for name in st.query_params if name.startswith(EXPERIMENT) and name not in said]:
        del st.query_params[name]
    for name, value in said.items():
        if st.query_params.get_all(name) != [value]:
            st.query_params[name] = value


def write_address(page: str) -> None:
    """Writes into the address what has its place on a page, and nothing else, so that a reload finds it again:
    language, run and link; of Learn the mission in place of these; of Experiments the experiment, too.
    """
    link = get("lesson")
    said = {"lang": language(), "run": run_id(), **(link.to_query() if link else {})}
    said |= experiment() if page == "experiments" else {}
    if page == LEARN:
        said = {"lang": language(), **learning()}
    written = {name: value for name, value in said.items() if value}
    if {name: st.query_params.get_all(name) for name in st.query_params} != {n: [v] for n, v in written.items()}:
        st.query_params.from_dict(written)
    put("page", page)


def address(query: Mapping[str, str], page: str = "") -> str:
    """Returns the full address of a page, the first where none is named, as the visitor's browser reaches it."""
    here = urlsplit(st.context.url or "")
    base = (st.get_option("server.baseUrlPath") or "").strip("/")
    return urlunsplit(
        (here.scheme, here.netloc, f"/{base}/{page}" if base else f"/{page}", urlencode(query, safe=","), "")
    )
