import hashlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from tl_core.download import download, is_reachable, matches
from tl_core.errors import UnavailableError

CONTENT = bytes(range(256)) * 3000


class Server(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/missing":
            self.send_error(404)
            return
        self.send_response(200)
        if self.path != "/unsized":
            self.send_header("Content-Length", str(len(CONTENT) + (self.path == "/cut") * 10))
        self.end_headers()
        self.wfile.write(CONTENT)

    def do_HEAD(self):
        self.send_response(404 if self.path == "/missing" else 200)
        self.end_headers()

    def log_message(self, *args):
        pass


@pytest.fixture
def address(monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_file_arrives_with_its_bytes_and_its_progress(address, tmp_path):
    seen = []
    path = tmp_path / "new" / "folder" / "file.bin"
    returned = download(
        f"{address}/file",
        path,
        sha256=hashlib.sha256(CONTENT).hexdigest(),
        on_progress=lambda done, total: seen.append((done, total)),
    )
    assert returned == path
    assert path.read_bytes() == CONTENT
    assert seen[-1] == (len(CONTENT), len(CONTENT))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert list(path.parent.iterdir()) == [path]


def test_a_server_that_does_not_say_the_size_gives_no_total(address, tmp_path):
    totals = set()
    download(f"{address}/unsized", tmp_path / "file", on_progress=lambda done, total: totals.add(total))
    assert totals == {None}
    assert (tmp_path / "file").read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("path", "hashes", "reason"),
    [
        ("/missing", {}, "HTTP 404"),
        ("/cut", {}, "connection ended early"),
        ("/file", {"sha256": "0" * 64}, "wrong checksum"),
        ("/file", {"md5": "0" * 32}, "wrong checksum"),
    ],
)
def test_what_goes_wrong_is_named_and_leaves_the_old_file_alone(address, tmp_path, path, hashes, reason):
    target = tmp_path / "file"
    target.write_text("old")
    with pytest.raises(UnavailableError) as caught:
        download(address + path, target, **hashes)
    assert caught.value.to_dict() == {
        "code": "download_failed",
        "values": {"host": "127.0.0.1", "file": "file", "reason": reason},
    }
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_server_that_is_not_there_is_an_unavailable_error(tmp_path):
    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        port = server.server_port
    with pytest.raises(UnavailableError, match="download_failed"):
        download(f"http://127.0.0.1:{port}/file", tmp_path / "file")
    assert list(tmp_path.iterdir()) == []


def test_only_web_addresses_are_fetched(tmp_path):
    (tmp_path / "secret").write_text("x")
    with pytest.raises(UnavailableError, match="only http"):
        download((tmp_path / "secret").as_uri(), tmp_path / "file")


def test_who_stops_a_download_leaves_no_partial_file(address, tmp_path):
    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        download(f"{address}/file", tmp_path / "file", on_progress=stop)
    assert list(tmp_path.iterdir()) == []


def test_reachable_means_that_a_server_answers_without_an_error(address):
    assert is_reachable(f"{address}/file")
    assert not is_reachable(f"{address}/missing")
    assert not is_reachable("not an address")


def test_a_file_matches_only_with_every_hash(tmp_path):
    path = tmp_path / "abc"
    assert not matches(path)
    path.write_text("abc")  # the test vectors of RFC 1321 and FIPS 180
    md5 = "900150983cd24fb0d6963f7d28e17f72"
    sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert matches(path, md5=md5, sha256=sha256)
    assert not matches(path, md5=md5, sha256=sha256[::-1])
