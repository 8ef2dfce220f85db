"""The settings of Streamlit that keep pupils and their pictures safe, each with its reason."""

import re
import tomllib

import pytest
from streamlit import config

from tl_core.paths import PROJECT

FILE = PROJECT / ".streamlit" / "config.toml"
TEXT = FILE.read_text(encoding="utf-8")
SETTINGS = {
    f"{section}.{name}": value
    for section, table in tomllib.loads(TEXT).items()
    if section != "theme"
    for name, value in table.items()
}
PROMISED = {
    "server.headless": True,
    "server.address": "localhost",
    "server.fileWatcherType": "none",
    "server.maxUploadSize": 200,
    "server.maxMessageSize": 20,
    "server.enableXsrfProtection": True,
    "server.enableCORS": True,
    "server.allowedHosts": ["localhost", "127.0.0.1", "::1"],
    "server.enableStaticServing": False,
    "server.enableAgentApi": False,
    "browser.gatherUsageStats": False,
    "logger.hideWelcomeMessage": True,
    "client.showErrorDetails": "none",
    "client.showErrorLinks": False,
    "client.toolbarMode": "minimal",
    "client.disableDataExport": True,
    "client.allowedOrigins": [],
    "runner.magicEnabled": False,
    "runner.postScriptGC": False,
}


def test_the_settings_are_those_that_were_promised():
    assert SETTINGS == PROMISED


def test_every_setting_has_its_reason_beside_it():
    lines = [line for line in TEXT.partition("[theme]")[0].splitlines() if " = " in line]
    assert len(lines) == len(PROMISED)
    assert [line for line in lines if not re.search(r"\S +# \S+ \S+", line)] == []


@pytest.mark.parametrize("name", PROMISED)
def test_streamlit_knows_the_setting(name):
    assert config.get_options_for_section(name.split(".")[0]).keys() >= {name.split(".")[1]}


def test_the_key_that_streamlit_signs_with_is_in_no_file():
    assert "cookieSecret" not in TEXT
