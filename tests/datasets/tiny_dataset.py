"""A small data set in the real on-disk format, and ways to fetch it that a test commands."""

import gzip
import hashlib
import http.server
import threading

import numpy as np
import pytest

from zeta_geom.datasets import DATASETS, Specification, catalogue, downloading
from zeta_geom.datasets.idx import read_idx, write_idx

FILES = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
RNG = np.random.default_rng(0)
ARRAYS = {
    FILES[0]: RNG.integers(0, 256, (30, 6, 5), dtype=np.uint8),
    FILES[1]: np.arange(30, dtype=np.uint8) % 3,
    FILES[2]: RNG.integers(0, 256, (9, 6, 5), dtype=np.uint8),
    FILES[3]: np.arange(9, dtype=np.uint8) % 3,
}


class Remote:
    """A route that counts how often it is asked and brings what it is told to."""

    local = False

    def __init__(self, contents, error=None):
        self.contents, self.error, self.asked = contents, error, []

    def __str__(self):
        return "fake route"

    def bring(self, files, into, *, progress=True):
        self.asked.append(list(files))
        for name in files:
            if name in self.contents:
                (into / name).write_bytes(self.contents[name])
        if self.error:
            raise self.error


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A folder with a whole small data set in the real format."""
    folder = tmp_path_factory.mktemp("source")
    for name, values in ARRAYS.items():
        write_idx(folder / name, values)
    return folder


@pytest.fixture
def contents(source):
    return {name: (source / name).read_bytes() for name in FILES}


@pytest.fixture
def tiny(contents, monkeypatch):
    """Register the small data set with the routes that a test gives."""

    def register(*ways):
        hashes = {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}
        specification = Specification(
            "tiny", "made here", "none", ("a", "b", "c"), catalogue.read_idx_folder, hashes, ways
        )
        monkeypatch.setitem(DATASETS, "tiny", specification)
        return specification

    return register


@pytest.fixture
def serve(monkeypatch):
    """Serve bytes by name from 127.0.0.1; returns the address. With `cut`, the connection ends after that share."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(downloading, "PAUSES", (0.0, 0.0))
    servers = []

    def start(pages, *, cut=1.0):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = pages.get(self.path.strip("/"))
                self.send_response(404 if body is None else 200)
                self.send_header("Content-Length", str(len(body or b"")))
                self.end_headers()
                if self.command == "GET":
                    self.wfile.write((body or b"")[: int(cut * len(body or b""))])

            do_HEAD = do_GET

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server in servers:
        server.shutdown()
        server.server_close()


def gzipped(contents):
    return {f"{name}.gz": gzip.compress(content) for name, content in contents.items()}


def whole(folder):
    return all(np.array_equal(read_idx(folder / name), values) for name, values in ARRAYS.items())


def visible(folder):
    return {path.name for path in folder.iterdir() if path.name != ".lock"}
