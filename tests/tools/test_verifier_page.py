"""The verifier's page: built the same twice, asks nobody for anything, and judges as we do."""

import json
import os
import random
import re
import shutil
import socket
import subprocess
import threading
import time

import pytest

from coldlever.shared.message.approvals_file import ApprovalsFile
from tests.interop.verifier import HOME, Job, ours, require_node
from tests.shared.approving import make_case, make_policy, make_signable, policy_text, say
from tests.tools.test_verifier import DOCUMENTS, REQUEST, ROOT, cases_of, mutation
from tests.tools.test_verifier_policy import document

VECTORS = ROOT / "tests" / "vectors"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def node():
    return require_node()


@pytest.fixture(scope="module")
def chromium():
    found = (
        shutil.which("chromium")
        or shutil.which("chromium-browser")
        or shutil.which("google-chrome")
    )
    if found is None:
        pytest.skip("chromium is not installed")
    return found


@pytest.fixture(scope="module")
def page(node, tmp_path_factory):
    return build(node, tmp_path_factory.mktemp("page") / "verifier.html")


def build(node, path):
    subprocess.run([node, str(HOME / "build.mjs"), str(path)], check=True, capture_output=True)
    return path


_MAKER = re.compile(r"^(?:https?://)?[a-z0-9.]+\.(?:google|googleapis|gstatic|gvt1)\.com[:/]")


class Listener:
    """A proxy that answers nothing and remembers what it was asked for."""

    def __init__(self):
        self.heard = []
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = self._server.getsockname()[1]
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self):
        while True:
            connection, _ = self._server.accept()
            line = self._first_line(connection)
            if line == "end":
                return
            if line:  # the browser opens some connections before it needs them
                self.heard.append(line)

    @staticmethod
    def _first_line(connection):
        with connection:
            connection.settimeout(2)
            try:
                return connection.recv(4096).split(b"\r\n")[0].decode("latin-1")
            except (TimeoutError, ConnectionError):
                return ""

    @property
    def foreign(self):
        """What is no business of the browser's own, which asks its maker whatever page is open."""
        return [line for line in self.heard if not _MAKER.search(line.split(" ")[1])]

    def close(self):
        with socket.create_connection(("127.0.0.1", self.port)) as connection:
            connection.sendall(b"end\r\n")
        self._thread.join()
        self._server.close()


@pytest.fixture
def listener():
    made = Listener()
    yield made
    made.close()


@pytest.fixture
def drive(node, chromium, listener, tmp_path):
    """Opens a page in Chromium, gives it files, evaluates expressions; returns what came of it."""

    def run(page, files=(), expressions=(), policy=None):
        job = {
            "chromium": chromium,
            "profile": str(tmp_path / "profile"),
            "page": page.as_uri(),
            "proxy": f"http://127.0.0.1:{listener.port}",
            "policy": None if policy is None else str(policy),
            "files": [str(path) for path in files],
            "expressions": list(expressions),
        }
        done = subprocess.run(
            [node, str(ROOT / "tests" / "interop" / "browser.mjs")],
            input=json.dumps(job),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


def test_two_builds_are_the_same_bytes_of_about_a_hundred_kilobytes(node, page, tmp_path):
    again = build(node, tmp_path / "again.html")
    assert page.read_bytes() == again.read_bytes()
    assert 50_000 < page.stat().st_size < 130_000


def test_the_page_names_no_host_and_forbids_itself_to_ask_one(page):
    text = page.read_text("utf-8")
    assert re.findall(r"(?:https?|wss?)://", text) == []
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)[1]
    assert policy.startswith("default-src 'none'; connect-src 'none'; ")
    assert "unsafe" not in policy
    assert not re.search(
        r"\beval\(|\.innerHTML|\.outerHTML|insertAdjacentHTML|document\.write", text
    )


def envelope(case):
    keys = ("action", "nonce", "signature", "vaultAddress", "expiresAfter")
    return {
        "kind": "coldlever/signed",
        "version": 1,
        "network": case["network"],
        "signer": case["signer"],
        "actionHash": case["actionHash"],
        "payload": {key: case[key] for key in keys},
        "approvals": [],
    }


def corpus():
    """All vectors, the documents of the QR vectors, and random edits of them."""
    chance = random.Random(7)
    paths = [VECTORS / "core.json", VECTORS / "actions.json"]
    reference = ROOT.parent / "shared" / "vectors" / "hyperliquid.json"
    paths += [reference] if reference.is_file() else []
    found = [json.dumps(envelope(case)).encode() for path in paths for case in cases_of(path)]
    found += [json.dumps(one).encode() for one in DOCUMENTS]
    edits = (mutation(chance).data for _ in range(300))
    found += [
        data
        for data in edits
        if b"coldlever/market" not in data and b"coldlever/policy" not in data
    ]
    return [data for data in found if b"coldlever/approvals" not in data]


def by_file(sections):
    """The sections of each file, by its name."""
    found = {}
    for tag, kind, text in sections:
        if tag == "H2":
            name = text
            found[name] = []
        else:
            found[name].append((kind, text))
    return found


def test_the_page_judges_each_vector_and_edit_as_we_do_and_asks_nobody(
    drive, page, listener, tmp_path
):
    documents = corpus()
    files = [tmp_path / f"{number:04}.json" for number in range(len(documents))]
    for path, data in zip(files, documents, strict=True):
        path.write_bytes(data)
    result = drive(page, files=files)
    shown = by_file(result["sections"])
    assert result["asked"] == [page.as_uri()]
    assert len(shown) == len(documents)
    taken = 0
    for path, data in zip(files, documents, strict=True):
        verdict, reason = ours(Job(data))
        sections = shown[path.name]
        assert sections[0][0] == ("bad" if verdict is None else "good"), (data, reason, sections[0])
        text = "\n".join(text for _, text in sections)
        for _, action_hash, digest, signer, words in () if verdict is None else verdict.hashes:
            taken += 1
            assert action_hash in text
            assert digest in text
            assert (signer or "not said") in text
            assert len(verdict.hashes) > 1 or (words or "none") in text
    assert taken > 50
    assert listener.foreign == []


def test_foreign_text_is_shown_as_text(drive, page, listener, tmp_path):
    host = f"http://127.0.0.1:{listener.port}"
    evil = f"<img src='{host}/image' onerror='document.title=1'><script>document.title=2</script>\u202e"
    path = tmp_path / "<b>evil.json"
    path.write_text(json.dumps({**REQUEST, "note": evil}))
    result = drive(page, files=[path],
        expressions=["document.title", "document.querySelectorAll('#verdict img, #verdict script, #verdict b').length"],
    )  # fmt: skip
    assert result["values"] == ["coldlever verifier", 0]
    assert "\\u{202e}" in json.dumps(result["sections"]).replace("\\\\", "\\")
    assert listener.foreign == []


def test_the_page_counts_approvals_by_its_own_clock(drive, page, listener, tmp_path):
    now = time.time_ns() // 1_000_000
    signable = make_signable(nonce=now, expires_after=now + 3_600_000)
    case, policy = make_case(signable), make_policy()
    path, rules, sheet = (tmp_path / name for name in ("r.json", "policy.toml", "carol.json"))
    rules.write_text(policy_text())
    path.write_bytes(document(signable, approvals=[say(policy, case, "alice")]))
    carols = ApprovalsFile(case.network, case.subject, (say(policy, case, "carol"),))
    sheet.write_text(json.dumps(carols.to_wire()))
    for files, words in (([path], "NOT approved"), ([path, sheet], "Approved as the policy asks.")):
        result = drive(page, files=files, policy=rules)
        said = [text for tag, _, text in result["sections"] if tag == "P"]
        assert said[0] == "Well-formed, and not signed yet."
        assert said[1].startswith(words)
    assert listener.foreign == []


def test_of_two_runs_at_a_time_one_is_shown(drive, page, tmp_path):
    path = tmp_path / "request.json"
    path.write_text(json.dumps(REQUEST))
    again = "document.querySelector('#network').dispatchEvent(new Event('change'))"
    wait = "new Promise((resolve) => setTimeout(resolve, 500))"
    count = "document.querySelectorAll('#verdict h2').length"
    result = drive(page, files=[path], expressions=[f"{again}, {again}, {again}", wait, count])
    assert result["values"][-1] == 1


# What a script in the page could try, if one got in. Navigation is beyond what a policy can stop.
_TRIES = [
    "fetch('{host}/fetch').then(() => 'sent', () => 'stopped')",
    "(() => {{ const asked = new XMLHttpRequest(); asked.open('GET', '{host}/xhr'); asked.send() }})()",
    "navigator.sendBeacon('{host}/beacon', 'x') && 0",
    "(() => {{ new Image().src = '{host}/image' }})()",
    "(() => {{ new WebSocket('ws://127.0.0.1:{port}/socket') }})()",
    "(() => {{ new EventSource('{host}/events') }})()",
    "(() => {{ const made = document.createElement('script'); made.src = '{host}/script'; document.head.append(made) }})()",
    "(() => {{ const made = document.createElement('link'); made.rel = 'stylesheet'; made.href = '{host}/style'; document.head.append(made) }})()",
    "(() => {{ const made = document.createElement('iframe'); made.src = '{host}/frame'; document.body.append(made) }})()",
    "new Promise((resolve) => setTimeout(resolve, 1500))",
]


@pytest.mark.parametrize("guarded", [True, False])
def test_what_a_script_in_the_page_asks_for_is_not_heard(drive, page, listener, guarded, tmp_path):
    """Without the policy the same tries are heard, so the listener would have heard them."""
    target = page
    if not guarded:
        target = tmp_path / "unguarded.html"
        target.write_text(re.sub(r"<meta http-equiv[^>]*>", "", page.read_text("utf-8")))
    host = f"http://127.0.0.1:{listener.port}"
    tries = [one.format(host=host, port=listener.port) for one in _TRIES]
    drive(target, expressions=tries)
    heard = {line.split(" ")[1].rpartition("/")[2] for line in listener.foreign}
    assert guarded == (heard == set()), listener.foreign
    assert guarded or {"fetch", "xhr", "image", "script", "style", "frame"} <= heard


def test_ci_has_the_browser():
    """Elsewhere its tests are skipped."""
    assert not os.environ.get("CI") or shutil.which("chromium") or shutil.which("google-chrome")
