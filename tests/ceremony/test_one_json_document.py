"""With --json every command of both sides prints exactly one JSON document, failures included."""

import json
import shutil
import time
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from coldlever.broadcaster.cli import cli as broadcaster
from coldlever.broadcaster.rehearsal import RehearsalExchange, RehearsalServer
from coldlever.shared.action.address import parse_address
from coldlever.shared.action.network import Network
from coldlever.shared.policy.outline import outline
from coldlever.shared.sshsig import seal_key
from coldlever.shared.sshsig.private_key import public_of
from coldlever.signer.cage import Supported
from coldlever.signer.cage.syscalls import X86_64
from coldlever.signer.cli import commands as signer
from coldlever.signer.cli.machine import Machine
from coldlever.signer.ledger import ConfirmedCoin, Ledger
from coldlever.signer.ledger.store import FILE_NAME
from tests.shared.audit_chains import about, exported

VECTORS = Path(__file__).resolve().parents[1] / "vectors"
ACCOUNT = json.loads((VECTORS / "actions.json").read_text())["signer"]
GROUPS = {"signer": signer, "broadcaster": broadcaster}
SIGN = "sign REQUEST --keystore KEY --passphrase-file PHRASE --yes"
DRAFT = f"draft --coin BTC --leverage 10 --cross --account {ACCOUNT} --api-url URL"

PHRASE = "passphrase-file PHRASE"
AS_ALICE = f"--approver ALICE --{PHRASE} --yes"
OWN_WORD = f"--policy POLICY {AS_ALICE}"
AS_ATTESTOR = f"--policy ATTESTING {AS_ALICE}"
# The same on both sides.
SAID_OF_IT = [
    ("approvals add REQUEST SAID --policy POLICY", 0),
    ("approvals add REQUEST SAID --policy POLICY --out NEW.json", 0),
    ("approvals add BAD SAID --policy POLICY --out NEW.json", 3),
    ("approvals list REQUEST", 0),
    ("approvals list BAD", 3),
    ("approvals check REQUEST --policy POLICY --approvals SAID", 0),
    ("approvals check REQUEST --policy POLICY", 4),
    ("policy show POLICY", 0),
    ("policy show BAD", 3),
    ("policy check POLICY", 0),
    ("policy check UNSOUND", 4),
    ("policy explain REQUEST --policy POLICY", 0),
    ("policy explain BAD --policy POLICY", 3),
]

# The same on both sides.
AUDIT = [
    ("audit show", 0),
    ("audit show --last 0", 2),
    ("audit verify", 0),
    ("audit verify AUDIT", 0),
    ("audit verify FORKED", 4),
    ("audit verify BAD", 3),
    ("audit verify AUDIT --head 9:0011223344556677", 4),
    ("audit verify --head 9", 2),
    ("audit export AUDIT", 0),
    ("audit export AUDIT --out NEW.json", 0),
    ("audit export AUDIT --out NEW.html", 0),
    ("audit export", 2),
    ("audit export AUDIT --out REQUEST", 2),
    ("audit export FORKED", 4),
]

# A command line after its side, and the exit status that it must have. Words in capitals stand for
# files of `desk`; NEW.* are names for files to make.
SIGNER = [
    ("key new --name other --passphrase-file PHRASE", 0),
    ("key new --name other --passphrase-file WEAK", 4),
    ("key new --out KEY --passphrase-file PHRASE", 2),
    ("key import --private-key-file SECRET --name other --passphrase-file PHRASE", 0),
    ("key import --private-key-file PHRASE --passphrase-file PHRASE", 3),
    ("key list", 0),
    ("key list extra", 2),
    ("key show KEY", 0),
    ("key show nobody", 3),
    ("inspect REQUEST", 0),
    ("inspect BATCH", 0),
    ("inspect BAD", 3),
    ("inspect", 2),
    (SIGN, 0),
    (f"{SIGN} --out -", 0),
    (f"{SIGN} --payload-only", 0),
    (f"{SIGN} --out NEW.json", 0),
    (f"{SIGN} --qr", 0),
    (f"{SIGN} --qr-out NEW.png", 0),
    (f"{SIGN} --qr --qr-out NEW.svg --out NEW.json", 0),
    (f"{SIGN} --out - --qr-out NEW.png", 0),
    (f"{SIGN} --out REQUEST", 2),
    (f"{SIGN} --qr-out NEW.jpg", 2),
    (f"{SIGN} --qr-out NOWHERE/x.png", 8),
    (SIGN.replace("REQUEST", "BATCH") + " --qr-out NEW.png", 2),
    (SIGN.replace("REQUEST", "BATCH") + " --qr", 2),
    (SIGN.replace("REQUEST", "BATCH") + " --qr-out NEW.html", 0),
    (SIGN.replace("PHRASE", "WEAK"), 4),
    ("verify SIGNED", 0),
    ("verify ALTERED", 4),
    ("verify BAD", 3),
    ("qr show SIGNED", 0),
    ("qr show SIGNED --qr", 0),
    ("qr show SIGNED --qr-out NEW.png", 0),
    ("qr show SIGNED --qr-out NEW.png --qr", 0),
    ("qr show BATCH --qr-out NEW.png", 2),
    ("qr show BATCH --qr-out NEW.png --qr-format json", 3),
    ("qr show BATCH --qr", 2),
    ("qr show BAD", 3),
    ("qr read CODE", 0),
    ("qr read CODE --out NEW.json", 0),
    ("qr read CODE --out SIGNED", 2),
    ("qr read BAD", 3),
    ("market show", 0),
    ("market show extra", 2),
    ("market forget 110001 --network testnet", 0),
    ("market forget 0 --network mainnet", 4),
    (f"market attest TABLE {AS_ATTESTOR}", 0),
    (f"market attest TABLE {AS_ATTESTOR} --out NEW.json", 0),
    (f"market attest TABLE {AS_ATTESTOR} --qr-out NEW.gif", 0),
    (f"market attest TABLE {AS_ATTESTOR} --statement-only --out NEW.txt", 0),
    (f"market attest TABLE {OWN_WORD}", 4),
    (f"market attest BAD {AS_ATTESTOR}", 3),
    (f"market attest TABLE --asset 7 {AS_ATTESTOR}", 4),
    ("market show --attested TABLE --policy ATTESTING", 0),
    ("market show --attested TABLE", 2),
    ("ledger show", 0),
    ("ledger show --signer nobody", 2),
    ("ledger export", 0),
    ("ledger export --out NEW.json", 0),
    ("ledger export --out REQUEST", 2),
    ("ledger import LEDGER", 0),
    ("ledger import BAD", 3),
    ("completion bash", 0),
    ("completion tcsh", 2),
    ("approver new --name zoe --passphrase-file PHRASE", 0),
    ("approver new --name Zoe --passphrase-file PHRASE", 2),
    (f"approver import ALICE --name zoe --old-{PHRASE} --{PHRASE}", 0),
    (f"approver import BAD --name zoe --old-{PHRASE} --{PHRASE}", 3),
    ("approver show ALICE", 0),
    ("approver show nobody", 3),
    (f"approve REQUEST {OWN_WORD}", 0),
    (f"approve REQUEST {OWN_WORD} --qr-out NEW.png", 0),
    (f"approve REQUEST {OWN_WORD} --statement-only --out NEW.txt", 0),
    (f"approve BAD {OWN_WORD} --out NEW.json", 3),
    (f"reject REQUEST {OWN_WORD}", 0),
    (f"reject BAD {OWN_WORD}", 3),
    *SAID_OF_IT,
    *AUDIT,
    ("policy init --approver PERSON", 0),
    ("policy init --approver PERSON --out NEW.toml", 0),
    ("policy init --approver alice", 2),
    ("policy seal POLICY --keystore UNSEALED --backup COPY --passphrase-file PHRASE --yes", 0),
    ("policy seal POLICY --keystore UNSEALED --backup WEAK --passphrase-file PHRASE --yes", 4),
    ("policy propose NEXT --old POLICY", 0),
    ("policy propose NEXT --old POLICY --qr-out NEW.gif", 0),
    ("policy propose --old POLICY", 2),
    (f"policy approve CHANGE --old POLICY {AS_ALICE}", 0),
    (f"policy approve BAD --old POLICY {AS_ALICE}", 3),
    ("policy adopt AGREED --keystore SEALED --passphrase-file PHRASE --yes", 0),
    ("policy adopt CHANGE --keystore SEALED --passphrase-file PHRASE --yes", 4),
    ("policy unseal REMOVAL --keystore SEALED --passphrase-file PHRASE --yes", 0),
    ("policy unseal CHANGE --keystore SEALED --passphrase-file PHRASE --yes", 2),
]
BROADCASTER = [
    (DRAFT, 0),
    (f"{DRAFT} --out -", 0),
    (f"{DRAFT} --out NEW.json", 0),
    (f"{DRAFT} --qr", 0),
    (f"{DRAFT} --qr-out NEW.png", 0),
    (f"{DRAFT} --qr --qr-out NEW.svg --out NEW.json", 0),
    (f"{DRAFT} --out REQUEST", 2),
    (f"{DRAFT} --qr-out NEW.jpg", 2),
    (f"{DRAFT} --qr-out NEW.png --out NEW.png", 2),
    (DRAFT.replace("URL", "CLOSED"), 8),
    ("market --api-url URL", 0),
    ("market --api-url URL --out NEW.json", 0),
    ("market --api-url URL --qr-out NEW.html", 0),
    ("market --api-url URL --qr-out NEW.png --out NEW.json", 2),
    ("market --api-url URL --qr", 2),
    ("check SIGNED --api-url URL", 0),
    ("check ALTERED --offline --api-url URL", 4),
    ("check BAD", 3),
    ("revoke SIGNED", 0),
    ("revoke SIGNED --out -", 0),
    ("revoke SIGNED --out NEW.json --qr-out NEW.png", 0),
    ("revoke SIGNED --out REQUEST", 2),
    ("revoke ALTERED", 4),
    ("revoke BAD", 3),
    ("revoke --nonce 5", 4),
    ("revoke", 2),
    ("post SIGNED --api-url URL", 0),
    ("post SIGNED --api-url URL --receipt NEW.json", 0),
    ("post SIGNED --api-url URL --receipt -", 0),
    ("post SIGNED --api-url URL --receipt REQUEST", 2),
    ("post SIGNED --api-url URL --receipt NOWHERE/x", 8),
    ("post SIGNED --api-url CLOSED", 8),
    ("post ALTERED --api-url URL", 4),
    ("post BAD", 3),
    ("resolve", 0),
    ("resolve --nonce 5", 4),
    ("history", 0),
    ("history --limit 0", 2),
    ("ledger export --out NEW.json", 0),
    ("ledger export", 2),
    ("ledger import POSTS", 0),
    ("ledger import LEDGER", 3),
    ("ledger verify", 0),
    ("ledger verify POSTS", 0),
    ("ledger verify BAD", 3),
    ("ledger backup FOLDER", 0),
    ("ledger backup NOWHERE", 2),
    ("ledger accept-loss", 0),
    ("ledger accept-loss --ledger mysql://desk", 2),
    ("scan CODE", 0),
    ("scan BAD", 3),
    ("qr show SIGNED --qr-out NEW.png", 0),
    ("qr show BATCH --qr-out NEW.png", 2),
    ("qr read CODE --out NEW.json", 0),
    ("qr read BAD", 3),
    *SAID_OF_IT,
    (f"propose REQUEST --policy PROPOSING {AS_ALICE}", 0),
    (f"propose REQUEST --policy PROPOSING {AS_ALICE} --qr-out NEW.apng", 0),
    (f"propose REQUEST --policy POLICY {AS_ALICE} --out NEW.json", 4),
    (f"propose BAD --policy PROPOSING {AS_ALICE}", 3),
    ("rehearse --port 0", 0),
    ("rehearse --port 99999", 2),
    ("completion bash", 0),
    ("completion tcsh", 2),
]
TABLE = [("signer", *row) for row in SIGNER] + [("broadcaster", *row) for row in BROADCASTER]


class Desk:
    """Documents of every kind, an exchange, and both command lines."""

    def __init__(self, folder):
        self.folder = folder
        self.kept = {}
        self.words = {
            "CLOSED": "http://127.0.0.1:9",
            "NOWHERE": str(folder / "nowhere"),
            "FOLDER": str(folder),
            # A copy: beside it the signer keeps the head of this desk's ledger.
            "KEY": shutil.copy(VECTORS / "keystore.json", folder),
            "PHRASE": shutil.copy(VECTORS / "keystore.passphrase", folder),
        }
        for word in ("KEY", "PHRASE"):
            Path(self.words[word]).chmod(0o600)
        self._machine = Machine(
            clock=lambda: time.time_ns() // 1_000_000, environment={"HOME": str(folder)},
            work_factor=1 << 12, seal_memory=lambda: True,
            engage_cage=lambda: Supported(X86_64),
        )  # fmt: skip

    def add(self, word, name, content=None):
        path = self.folder / name
        self.words[word] = str(path)
        if content is not None:
            path.write_text(content if isinstance(content, str) else json.dumps(content))
            path.chmod(0o600)

    def run(self, side, line):
        arguments = [self._file(word) for word in line.split()]
        if arguments[0] in ("sign", "ledger", "key", "market", "audit", *_OF_A_LEDGER):
            arguments += ["--state-dir", str(self.folder / side)]
        return CliRunner().invoke(GROUPS[side], arguments, obj=self._machine)

    def confirm(self):
        """A market's name that the signer remembers."""
        (self.folder / "signer").mkdir()
        with Ledger.open(self.folder / "signer" / FILE_NAME) as ledger:
            ledger.remember_coins([ConfirmedCoin(Network.TESTNET, 110001, "xyz:TSLA")])

    def forget(self):
        """Both ledgers, and the head of the signer's beside the keystore."""
        for side in GROUPS:
            shutil.rmtree(self.folder / side, ignore_errors=True)
        shutil.rmtree(self.folder / ".local", ignore_errors=True)
        for head in self.folder.glob("*.ledger-head"):
            head.unlink()
        for word, data in self.kept.items():
            Path(self.words[word]).write_bytes(data)

    def add_team(self):
        """An approver, policies, keystores to seal, and what was said."""
        data = seal_key(bytes(32), self._phrase(), 1)
        self.add("ALICE", "alice", data.decode())
        public = public_of(bytes(32)).line
        self.add("ALICE_PUB", "alice.pub", public + "\n")
        self.words["PERSON"] = f"alice={self.words['ALICE_PUB']}"
        text = outline([("alice", public_of(bytes(32)))], None)
        self.add("POLICY", "policy.toml", text)
        self.add("PROPOSING", "proposing.toml", 'proposers = ["alice"]\n' + text)
        self.add("ATTESTING", "attesting.toml", 'attestors = ["alice"]\n' + text)
        entry = {
            "network": "mainnet", "asset": 110001, "coin": "xyz:TSLA", "maxLeverage": 20,
            "marginMode": "normal", "delisted": False, "time": 1,
        }  # fmt: skip
        table = {"kind": "coldlever/market", "version": 1, "network": "mainnet", "time": 1}
        self.add("TABLE", "table.json", table | {"entries": [entry]})
        self.add("UNSOUND", "unsound.toml", text + '[[rule]]\nname = "x"\nneeds = "nobody"\n')
        self.add("NEXT", "next.toml", text.replace("version = 1", "version = 2"))
        for word, name in (("UNSEALED", "unsealed.json"), ("SEALED", "sealed.json")):
            self.add(word, name, Path(self.words["KEY"]).read_text())
        self.add("COPY", "copy.json", Path(self.words["KEY"]).read_text())
        for word in ("SAID", "CHANGE", "AGREED", "REMOVAL"):
            self.add(word, f"{word.lower()}.json")
        seal = "--backup COPY --passphrase-file PHRASE --yes"
        self.add("REMOVING", "removing.json")
        for line in (
            f"approve REQUEST {OWN_WORD} --out SAID",
            f"policy seal POLICY --keystore SEALED {seal}",
            "policy propose NEXT --old POLICY --out CHANGE",
            "policy propose --remove --old POLICY --out REMOVING",
            f"policy approve CHANGE --old POLICY {AS_ALICE} --out AGREED",
            f"policy approve REMOVING --old POLICY {AS_ALICE} --out REMOVAL",
        ):
            done = self.run("signer", line)
            assert done.exit_code == 0, done.output
        self.kept = {word: Path(self.words[word]).read_bytes() for word in ("UNSEALED", "SEALED")}

    def _phrase(self):
        return Path(self.words["PHRASE"]).read_text().strip()

    def _file(self, word):
        head, slash, tail = word.partition("/")
        if head in self.words:
            return self.words[head] + slash + tail
        return str(self.folder / word) if word.startswith("NEW.") else word


_OF_A_LEDGER = ("revoke", "propose", "draft", "market", "check", "post", "resolve", "history")


def an_exchange():
    return RehearsalServer(
        RehearsalExchange(Network.TESTNET, accounts=[parse_address(ACCOUNT)]), weight_limit=None
    )


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """The documents, made once."""
    desk = Desk(tmp_path_factory.mktemp("desk"))
    with an_exchange() as server:
        desk.words["URL"] = server.url
        desk.add("BAD", "bad.json", '{"network": 5')
        desk.add("WEAK", "weak", "1234\n")
        desk.add("SECRET", "secret", "07" * 32 + "\n")
        desk.add("REQUEST", "request.json")
        desk.add("SIGNED", "signed.json")
        desk.add("CODE", "code.png")
        desk.add("LEDGER", "ledger.json")
        desk.add("POSTS", "posts.jsonl")
        for side, line in (
            ("broadcaster", f"{DRAFT} --out REQUEST"),
            ("signer", f"{SIGN} --out SIGNED"),
            ("signer", "qr show SIGNED --qr-out CODE"),
            ("signer", "ledger export --out LEDGER"),
            ("broadcaster", "ledger export --out POSTS"),
        ):
            done = desk.run(side, line)
            assert done.exit_code == 0, done.output
        desk.add_team()
        desk.forget()
        request = json.loads((desk.folder / "request.json").read_text())
        batch = [{**request, "nonce": request["nonce"] + step} for step in range(30)]
        desk.add("BATCH", "batch.json", batch)
        signed = json.loads((desk.folder / "signed.json").read_text())
        signed["payload"]["action"]["leverage"] += 1
        desk.add("ALTERED", "altered.json", signed)
        chain = exported([about(number) for number in range(1, 6)])
        desk.add("AUDIT", "audit.json", chain.decode())
        desk.add("FORKED", "forked.json", chain.decode().replace("number 3", "number 4"))
    return desk


@pytest.fixture
def desk(prepared, monkeypatch):
    """The documents, and nothing that another run has made."""
    with an_exchange() as server:
        prepared.words["URL"] = server.url
        prepared.confirm()
        monkeypatch.setattr(RehearsalServer, "serve_forever", lambda _: None)
        yield prepared
    for leftover in prepared.folder.glob("NEW.*"):
        leftover.unlink()
    prepared.forget()


@pytest.mark.parametrize(("side", "line", "status"), TABLE)
def test_stdout_is_one_json_document(desk, side, line, status):
    done = desk.run(side, f"{line} --json")
    document = json.loads(done.stdout)
    assert done.exit_code == status, done.output
    if status != 0 and "error" in document:
        assert document["error"]["exitStatus"] == status
    if status in (2, 3, 5, 8):
        assert not list(desk.folder.glob("NEW.*")), "a failure leaves no file"


def _commands(group, *path):
    for name in group.list_commands(click.Context(group)):
        command = group.get_command(click.Context(group), name)
        if isinstance(command, click.Group):
            yield from _commands(command, *path, name)
        else:
            yield " ".join((*path, name))


@pytest.mark.parametrize("side", GROUPS)
def test_every_command_has_a_success_and_a_failure_above(side):
    for command in _commands(GROUPS[side]):
        statuses = [
            status
            for where, line, status in TABLE
            if where == side and f"{line} ".startswith(f"{command} ")
        ]
        assert 0 in statuses, command
        assert any(statuses), command
