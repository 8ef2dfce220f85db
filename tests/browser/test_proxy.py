"""The README's way to put nginx before the lab, as it stands there, with the nginx of this system."""

import re
import shutil
import socket
import subprocess
from pathlib import Path
from textwrap import dedent

import pytest
from patience import PATIENCE_MS, PATIENCE_S, until
from playwright.sync_api import expect
from real_server import Server

from tl_core.paths import PROJECT
from tl_core.phrases import phrase

NGINX, OPENSSL = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin"), shutil.which("openssl")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not (NGINX and OPENSSL), reason="needs nginx, and openssl for a certificate"),
]
NAME = "lab.localhost"  # every browser leads it to this machine
AROUND = """
daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log;
events {{}}
http {{
    access_log off; client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi; scgi_temp_path {folder}/scgi;
{server}
}}
"""


def recipe(port: int, lab_port: int, folder: Path, base: str) -> str:
    """Returns the README's settings with this test's ports, name and files in the place of its own."""
    readme = (PROJECT / "README.md").read_text(encoding="utf-8")
    server = dedent(re.search(r"^    server \{\n.*?^    \}\n", readme, re.MULTILINE | re.DOTALL)[0])
    replaced = {
        "listen 443": f"listen {port}",
        "lab.school.example": NAME,
        "/etc/ssl": str(folder),
        "127.0.0.1:8501": f"127.0.0.1:{lab_port}",
        "location /": f"location /{base}",
    }
    for written, ours in replaced.items():
        assert server.count(written) >= 1
        server = server.replace(written, ours)
    return AROUND.format(folder=folder, server=server)


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("localhost", 0))
        return free.getsockname()[1]


def answers(port: int) -> bool:
    with socket.socket() as line:
        return line.connect_ex(("127.0.0.1", port)) == 0


@pytest.mark.parametrize("base", ["", "lab/"])
def test_the_lab_works_behind_nginx_with_tls_and_below_a_path(tmp_path, chromium, base):
    port = free_port()
    key, certificate = tmp_path / "lab.key", tmp_path / "lab.pem"
    files = ["-keyout", key, "-out", certificate]
    made = [OPENSSL, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={NAME}", "-days", "2", *files]
    subprocess.run(made, check=True, capture_output=True)
    lab = Server(tmp_path, TL_HOSTS=NAME, STREAMLIT_SERVER_BASE_URL_PATH=base.strip("/"))
    lab.url = f"{lab.url}/{base}".rstrip("/")
    settings = tmp_path / "nginx.conf"
    settings.write_text(recipe(port, lab.port, tmp_path, base))
    proxy = subprocess.Popen([NGINX, "-c", settings, "-p", tmp_path, "-e", tmp_path / "error.log"])
    context = chromium.new_context(ignore_https_errors=True)
    context.set_default_timeout(PATIENCE_MS)
    try:
        lab.wait()
        until("nginx listens", lambda: answers(port))
        page = context.new_page()
        answer = page.goto(f"https://{NAME}:{port}/{base}classify?lang=en")
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert {cookie["secure"] for cookie in context.cookies() if cookie["name"] == "tl_owner"} == {True}
        page.get_by_role("button", name=phrase("en", "bundle.bring")).click()
        expect(page.get_by_text(phrase("en", "bundle.bring_about"))).to_be_visible()
        with page.expect_response(lambda response: "/_stcore/upload_file/" in response.url) as sent:
            page.locator(".st-key-bundle-field input[type=file]").set_input_files(
                {"name": "a.safetensors", "mimeType": "application/octet-stream", "buffer": bytes(2**21)}
            )
        assert sent.value.status == 204
    finally:
        context.close()
        proxy.terminate()
        lab.stop()
        proxy.wait(PATIENCE_S)
