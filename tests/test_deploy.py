"""What lies in `deploy/` says the same as the app, and gives nobody more than it needs."""

import ast
import configparser
import re
import subprocess
import sys
from fnmatch import fnmatch
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from patience import PATIENCE_S

from tl_core.paths import PROJECT

DEPLOY = PROJECT / "deploy"
DOCKERFILE = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
COMPOSE = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
NEEDED = (
    "app.py",
    "pages",
    "tl_core",
    "assets",
    ".streamlit",
    "pyproject.toml",
)  # what the server reads of the project


def instructions(text: str) -> list[list[str]]:
    """Returns the instructions of the last stage of a Dockerfile, each as its word and what follows it."""
    joined = re.sub(r"\\\n", " ", re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE))
    lines = [line.split(None, 1) for line in joined.splitlines() if line.strip()]
    last = max(at for at, (word, _) in enumerate(lines) if word == "FROM")
    return lines[last:]


def said(word: str) -> list[str]:
    return [rest for one, rest in instructions(DOCKERFILE) if one == word]


def copied() -> list[str]:
    """Returns what both stages take from the repository."""
    lines = re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)
    return [name for line in lines for name in line.split()]


def test_the_image_takes_what_the_server_reads_and_only_what_is_there():
    assert [name for name in copied() if not (PROJECT / name).exists()] == []
    assert set(NEEDED) <= set(copied())
    assert {"requirements.txt", "requirements.lock"} <= set(copied())
    assert {"tests", ".venv", ".git", "."} & set(copied()) == set()


def test_the_builder_is_sent_what_is_copied_and_nothing_else():
    rules = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [rule for rule in rules if rule and not rule.startswith("#")]
    assert rules[0] == "*"
    assert sorted(rule[1:] for rule in rules if rule.startswith("!")) == sorted(copied())
    left_out = [rule for rule in rules[1:] if not rule.startswith("!")]
    assert any(fnmatch("pages/__pycache__", rule) for rule in left_out)


def test_the_lab_runs_as_nobody_special_with_a_volume_a_port_and_a_check_of_its_health():
    (user,) = said("USER")
    number = re.fullmatch(r"(\d+):\1", user)[1]
    assert int(number) >= 1000
    assert f"--uid {number} " in DOCKERFILE
    words = [word for word, _ in instructions(DOCKERFILE)]
    assert words.index("USER") > max(at for at, word in enumerate(words) if word in ("RUN", "COPY"))
    assert said("VOLUME") == ["/data"]
    assert said("EXPOSE") == ["8501"]
    environment = dict(pair.split("=", 1) for line in said("ENV") for pair in line.split())
    assert environment["TL_HOME"] == "/data"
    assert environment["STREAMLIT_SERVER_PORT"] == "8501"
    assert "TL_INSTRUCTOR_KEY" not in DOCKERFILE
    assert ast.literal_eval(said("CMD")[0]) == ["streamlit", "run", "app.py"]


@pytest.mark.parametrize(
    ("base", "path", "status"),
    [("", "/healthz", 0), ("lab", "/lab/healthz", 0), ("/a/b/", "/a/b/healthz", 0), ("lab", "/healthz", 1)],
)
def test_the_check_of_the_image_asks_the_lab_below_its_path(base, path, status):
    command = ast.literal_eval(said("HEALTHCHECK")[0].partition("CMD ")[2])
    assert command[:2] == ["python", "-c"]

    class Lab(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200 if self.path == path else 503)
            self.end_headers()

        def log_message(self, *_) -> None:
            """Says nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Lab) as lab:
        Thread(target=lab.serve_forever, daemon=True).start()
        code = command[2].replace(":8501'", f":{lab.server_port}'")
        environment = {"STREAMLIT_SERVER_BASE_URL_PATH": base}
        done = subprocess.run(
            [sys.executable, "-c", code], env=environment, capture_output=True, timeout=PATIENCE_S, check=False
        )
        lab.shutdown()
    assert done.returncode == status


def test_compose_publishes_the_port_on_this_machine_alone_and_keeps_the_system_read_only():
    assert re.findall(r'^ +- "([^"]*:8501)" ', COMPOSE, re.MULTILINE) == ["127.0.0.1:8501:8501"]
    for line in ("read_only: true", "- no-new-privileges:true", "- home:/data", "dockerfile: deploy/Dockerfile"):
        assert line in COMPOSE
    assert re.search(r"cap_drop:\n +- ALL\n", COMPOSE)
    assert "TENSORFLOW: tensorflow[and-cuda]" in (DEPLOY / "compose.cuda.yaml").read_text(encoding="utf-8")
    assert set(re.findall(r"^ +(TL_[A-Z_]+):", COMPOSE, re.MULTILINE)) == {
        "TL_HOSTS",
        "TL_INSTRUCTOR_KEY",
        "TL_PROXIES",
    }


def test_the_service_is_kept_in_and_comes_back():
    unit = configparser.RawConfigParser(strict=False)
    unit.optionxform = str
    unit.read(DEPLOY / "transfer-lab.service", encoding="utf-8")
    service = unit["Service"]
    assert service["ExecStart"].endswith("/.venv/bin/streamlit run app.py")
    wanted = {"DynamicUser": "yes", "ProtectSystem": "strict", "ProtectHome": "yes", "NoNewPrivileges": "yes"}
    wanted |= {"Restart": "always", "PrivateTmp": "yes", "UMask": "0077", "CapabilityBoundingSet": ""}
    assert {name: service[name] for name in wanted} == wanted
    assert f"TL_HOME=%S/{service['StateDirectory']}" in service["Environment"]


@pytest.mark.parametrize("file", ["nginx.conf", "Caddyfile"])
def test_a_proxy_is_told_of_the_same_path_as_the_lab(file):
    text = (DEPLOY / file).read_text(encoding="utf-8")
    assert "TL_PROXIES=1 STREAMLIT_SERVER_BASE_URL_PATH=lab make app" in text
    assert re.search(r"^\s+(location /lab/|reverse_proxy /lab/\*) ", text, re.MULTILINE)
    most = int(re.search(r"maxUploadSize = (\d+)", (PROJECT / ".streamlit" / "config.toml").read_text())[1])
    assert file == "Caddyfile" or f"client_max_body_size {most + 1}m;" in text
