"""Downloads: an error that passes is tried again, with a pause; another is not."""

import http.server
import socket
import struct
import threading
from contextlib import suppress

import pytest
import requests

from tests.datasets.tiny_dataset import gzipped, whole
from zeta_geom import datasets
from zeta_geom.datasets import downloading
from zeta_geom.datasets.downloading import download
from zeta_geom.datasets.routes import Mirror

PAGE = b"a page"


@pytest.fixture
def pauses(monkeypatch):
    """Take no time for pauses, and note them."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    taken = []
    monkeypatch.setattr(downloading.time, "sleep", taken.append)
    return taken


@pytest.fixture
def server():
    """Serve pages after what a test lets go wrong first: a status, "reset" or "cut"."""
    servers = []

    def start(troubles, pages=None):
        troubles = list(troubles)

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                trouble = troubles.pop(0) if troubles else 200
                body = PAGE if pages is None else pages[self.path.strip("/")]
                if trouble == "reset":
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    self.connection.close()
                    return
                self.send_response(200 if trouble == "cut" else trouble)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body[:2] if trouble == "cut" else body)

            def do_HEAD(self):
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_):
                pass

            def finish(self):
                with suppress(OSError, ValueError):
                    super().finish()

        made = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=made.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(made)
        return f"http://127.0.0.1:{made.server_port}"

    yield start
    for made in servers:
        made.shutdown()
        made.server_close()


@pytest.mark.parametrize("trouble", [429, 500, 503, 504, "reset", "cut"])
def test_an_error_that_passes_is_tried_twice_more(trouble, server, pauses, tmp_path):
    path = tmp_path / "page"
    download(server([trouble]) + "/page", path, progress=False)
    assert path.read_bytes() == PAGE
    assert pauses == [downloading.PAUSES[0]]
    download(server([trouble] * 2) + "/page", path, progress=False)
    with pytest.raises(requests.RequestException):
        download(server([trouble] * 3) + "/page", path, progress=False)
    assert pauses[1:] == [*downloading.PAUSES] * 2


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410])
def test_an_error_that_stays_is_raised_at_once(status, server, pauses, tmp_path):
    with pytest.raises(requests.HTTPError, match=str(status)):
        download(server([status]) + "/page", tmp_path / "page", progress=False)
    assert pauses == []


def test_silence_is_an_error_that_passes(pauses, tmp_path, monkeypatch):
    monkeypatch.setattr(downloading, "STALL_SECONDS", 0.05)
    with socket.create_server(("127.0.0.1", 0)) as silent, pytest.raises(requests.Timeout):
        download(f"http://127.0.0.1:{silent.getsockname()[1]}/page", tmp_path / "page", progress=False)
    assert pauses == [*downloading.PAUSES]


def test_where_nobody_listens_nobody_is_asked_again(pauses, tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(requests.ConnectionError):
        download(f"http://127.0.0.1:{port}/page", tmp_path / "page", progress=False)
    assert pauses == []


def test_a_mirror_that_is_busy_once_is_not_given_up(tiny, contents, server, pauses, tmp_path):
    tiny(Mirror(server([503], gzipped(contents))))
    assert whole(datasets.fetch("tiny", data_home=tmp_path))
    assert pauses == [downloading.PAUSES[0]]
