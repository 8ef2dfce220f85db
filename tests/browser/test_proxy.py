"""The examples of a proxy before the lab, as they stand in `deploy/`, with the nginx and the Caddy of this system."""

import os
import shutil
import socket
import subprocess
from pathlib import Path

import pytest
from patience import PATIENCE_S, until
from playwright.sync_api import expect
from real_server import Server, new_context

from tl_core.paths import PROJECT
from tl_core.phrases import phrase

NGINX, OPENSSL = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin"), shutil.which("openssl")
CADDY = shutil.which("caddy")
pytestmark = pytest.mark.browser
WATCHED = {"healthz": 200, "metrics": 404}  # what a proxy passes on of what watchers ask
STATUS = "path => fetch(path).then(answer => answer.status)"
NAME = "lab.localhost"  # every browser leads it to this machine
AROUND_NGINX = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{}}
http {{
    access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
{example}
}}
"""
AROUND_CADDY = """
{{
    admin off
    auto_https disable_redirects
    https_port {port}
    skip_install_trust
    storage file_system {folder}/caddy
}}
{example}
"""


def example(file: str, replaced: dict[str, str]) -> str:
    """Returns the example of the repository, with a test's own words in the place of some."""
    found = (PROJECT / "deploy" / file).read_text(encoding="utf-8")
    for written, ours in replaced.items():
        assert found.count(written) >= 1
        found = found.replace(written, ours)
    return found


def nginx(port: int, lab_port: int, folder: Path, base: str) -> list:
    """Returns the command that starts nginx; Debian's says nothing of certificates, so it gets one of this test's."""
    files = ["-keyout", folder / "lab.key", "-out", folder / "lab.pem"]
    made = [OPENSSL, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={NAME}", "-days", "2", *files]
    subprocess.run(made, check=True, capture_output=True)
    replaced = {
        "listen 443": f"listen {port}",
        "school.example": NAME,
        "/etc/ssl": str(folder),
        "127.0.0.1:8501": f"127.0.0.1:{lab_port}",
        " /lab/": f" /{base}",
    }
    settings = folder / "nginx.conf"
    settings.write_text(AROUND_NGINX.format(folder=folder, example=example("nginx.conf", replaced)))
    command = [NGINX, "-c", settings, "-p", folder, "-e", folder / "error.log"]
    subprocess.run([*command, "-t"], check=True, capture_output=True)
    return command


def caddy(port: int, lab_port: int, folder: Path, base: str) -> list:
    """Returns the command that starts Caddy, which makes its certificate for such a name itself."""
    above = {} if base else {"\tredir /lab /lab/\n": "", "/lab": ""}
    written = example("Caddyfile", {"school.example": NAME, "127.0.0.1:8501": f"127.0.0.1:{lab_port}", **above})
    settings = folder / "Caddyfile"
    settings.write_text(AROUND_CADDY.format(folder=folder, port=port, example=written))
    subprocess.run([CADDY, "validate", "--config", settings], check=True, capture_output=True)
    return [CADDY, "run", "--config", settings]


PROXIES = [
    pytest.param(nginx, marks=pytest.mark.skipif(not (NGINX and OPENSSL), reason="needs nginx and openssl")),
    pytest.param(caddy, marks=pytest.mark.skipif(not CADDY, reason="needs Caddy")),
]


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("localhost", 0))
        return free.getsockname()[1]


def answers(port: int) -> bool:
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize("base", ["", "lab/"])
@pytest.mark.parametrize("before", PROXIES)
def test_the_lab_works_behind_a_proxy_with_tls_and_below_a_path(tmp_path, chromium, before, base):
    port = free_port()
    lab = Server(tmp_path, TL_HOSTS=NAME, STREAMLIT_SERVER_BASE_URL_PATH=base.strip("/"))
    lab.url = f"{lab.url}/{base}".rstrip("/")
    with open(tmp_path / "proxy.log", "wb") as log:
        command = before(port, lab.port, tmp_path, base)
        proxy = subprocess.Popen(command, stderr=log, env={**os.environ, "HOME": str(tmp_path)})
    context = new_context(chromium, ignore_https_errors=True)
    try:
        lab.wait()
        until("the proxy listens", lambda: answers(port))
        page = context.new_page()
        answer = page.goto(f"https://{NAME}:{port}/{base}classify?lang=en")
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        cookies = {cookie["name"]: (cookie["secure"], cookie["httpOnly"]) for cookie in context.cookies()}
        assert cookies == {"tl_owner": (True, True), "_streamlit_xsrf": (True, False)}
        page.get_by_role("button", name=phrase("en", "bundle.bring")).click()
        expect(page.get_by_text(phrase("en", "bundle.bring_about"))).to_be_visible()
        with page.expect_response(lambda response: "/_stcore/upload_file/" in response.url) as sent:
            page.locator(".st-key-bundle-field input[type=file]").set_input_files(
                {"name": "a.safetensors", "mimeType": "application/octet-stream", "buffer": bytes(2**21)}
            )
        assert sent.value.status == 204
        assert {name: page.evaluate(STATUS, f"/{base}{name}") for name in WATCHED} == WATCHED
        if base:
            page.goto(f"https://{NAME}:{port}/lab")  # without the stroke that belongs behind it
            expect(page.get_by_role("heading", level=1)).to_be_visible()
    finally:
        context.close()
        proxy.terminate()
        lab.stop()
        proxy.wait(PATIENCE_S)
