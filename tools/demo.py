"""A whole leverage change, played on this machine: what a ceremony looks like.

Run it with ``make demo``. It uses the real command lines, a throw-away key in a temporary folder
and a local exchange, and ends with a non-zero status when any step surprises it.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path
from typing import NoReturn

from film import film

COIN, BEFORE, LEVERAGE = "BTC", 20, 10
START_TIMEOUT_S = 15


class Demo:
    """One run, in one temporary folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.step_number = 0
        self.exchange: subprocess.Popen[str] | None = None
        self.url = ""
        # Nothing of the user's own is read or written: homes of our own for both sides.
        self.environment = {
            **{k: v for k, v in os.environ.items() if not k.startswith("XDG_")},
            "HOME": str(folder),
            "PYTHONUNBUFFERED": "1",
        }

    def step(self, title: str, words: str) -> None:
        self.step_number += 1
        print(
            f"\n\033[1m{self.step_number}. {title}\033[0m"
            if sys.stdout.isatty()
            else f"\n{self.step_number}. {title}"
        )
        print(f"   {words}", flush=True)

    def run(
        self, side: str, *arguments: str, expect: int = 0, show: bool = True
    ) -> subprocess.CompletedProcess[str]:
        """Run one of the two command lines and insist on its exit status."""
        command = [sys.executable, "-m", f"coldlever.{side}", *arguments]
        if show:
            shown = " ".join(arguments).replace(str(self.folder) + "/", "")
            print(f"   $ coldlever-{side} {shown}", flush=True)
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=self.environment,
            text=True,
            capture_output=True,
            check=False,
            timeout=60,
        )
        if show:
            for line in (done.stderr + ("" if "--json" in arguments else done.stdout)).splitlines():
                print(f"   | {line}")
        if done.returncode != expect:
            self.surprise(
                f"exit status {done.returncode} instead of {expect}\n{done.stdout}{done.stderr}"
            )
        return done

    def surprise(self, what: str) -> NoReturn:
        print(f"\nSURPRISE: {what}", file=sys.stderr)
        raise SystemExit(1)

    def start_exchange(self, account: str) -> None:
        command = [
            sys.executable,
            "-m",
            "coldlever.broadcaster",
            "rehearse",
            "--port",
            "0",
            "--account",
            account,
            "--json",
        ]
        self.exchange = subprocess.Popen(
            command,
            cwd=self.folder,
            env=self.environment,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self.exchange.stdout is not None
        lines = ""
        deadline = time.monotonic() + START_TIMEOUT_S
        while not lines.rstrip().endswith("}"):
            line = self.exchange.stdout.readline()
            if not line or time.monotonic() > deadline:
                self.surprise("the rehearsal exchange did not start")
            lines += line
        self.url = json.loads(lines)["url"]

    def stop_exchange(self) -> None:
        if self.exchange is not None:
            self.exchange.terminate()
            self.exchange.wait(10)
            if self.exchange.stdout is not None:
                self.exchange.stdout.close()

    def accepted(self) -> int:
        """How many posts the exchange has accepted so far, by its own journal."""
        with urllib.request.urlopen(self.url + "/rehearsal/log", timeout=5) as answer:
            journal = json.load(answer)
        entries = journal["entries"] if isinstance(journal, dict) else journal
        return sum(entry["outcome"] == "accepted" for entry in entries)

    def received(self) -> int:
        """How many posts have reached the exchange so far."""
        with urllib.request.urlopen(self.url + "/rehearsal/log", timeout=5) as answer:
            journal = json.load(answer)
        return len(journal["entries"] if isinstance(journal, dict) else journal)


def play(demo: Demo) -> None:
    folder = demo.folder
    demo.step(
        "A key that never meets a network",
        "On the air-gapped machine: make a key, encrypted with a passphrase (here from a file).",
    )
    (folder / "passphrase").write_text(secrets.token_urlsafe(18) + "\n")
    (folder / "passphrase").chmod(0o600)
    made = demo.run(
        "signer", "key", "new", "--out", "key.json", "--passphrase-file", "passphrase", "--json"
    )
    account = json.loads(made.stdout)["address"]
    print(f"   the account: {account}")

    demo.step(
        "An exchange to practise on",
        "`rehearse` plays Hyperliquid on 127.0.0.1, with its rules and nobody's money.",
    )
    demo.start_exchange(account)
    print(f"   $ coldlever-broadcaster rehearse --account {account}\n   | {demo.url}")

    demo.step(
        "Draft, on the online machine",
        f"{COIN} to cross {LEVERAGE}x. It reads the market and the setting in force.",
    )
    demo.run(
        "broadcaster",
        "draft",
        "--coin",
        COIN,
        "--leverage",
        str(LEVERAGE),
        "--cross",
        "--account",
        account,
        "--api-url",
        demo.url,
        "--out",
        "request.json",
    )

    demo.step(
        "Review and sign, on the air-gapped machine",
        "The review shows what the signature will cover. (A person types `yes` here; "
        "the demo says --yes.)",
    )
    demo.run(
        "signer",
        "sign",
        "request.json",
        "--keystore",
        "key.json",
        "--passphrase-file",
        "passphrase",
        "--yes",
        "--out",
        "signed.json",
    )
    print("   And should anything in that process ever reach for a network:")
    reach = subprocess.run(
        [
            sys.executable,
            "-c",
            "from coldlever.signer.isolation import engage\nengage()\nimport socket\nsocket.socket()",
        ],
        cwd=folder,
        env=demo.environment,
        text=True,
        capture_output=True,
        check=False,
    )
    if reach.returncode == 0:
        demo.surprise("the signer's process could open a socket")
    print(f"   | {reach.stderr.strip().splitlines()[-1]}")

    demo.step(
        "Check, back on the online machine",
        "Same review, same check words: two people can compare them by phone.",
    )
    demo.run("broadcaster", "check", "signed.json", "--api-url", demo.url)

    demo.step("Post", "Recorded before it is sent, and the setting is read back afterwards.")
    posted = demo.run("broadcaster", "post", "signed.json", "--api-url", demo.url, "--json")
    result = json.loads(posted.stdout)
    after = result["receipt"]["after"]
    if result["status"] != "confirmed" or after["leverage"] != LEVERAGE or not after["isCross"]:
        demo.surprise(f"the post ended as {result['status']}, setting {after}")
    print(
        f"   | {result['status']}: the exchange now has {COIN} at cross {after['leverage']}x "
        f"(it was {result['receipt']['before']['leverage']}x)"
    )

    demo.step("The same file again", "Refused here: it landed already, so nothing is sent.")
    again = json.loads(
        demo.run("broadcaster", "post", "signed.json", "--api-url", demo.url, "--json").stdout
    )
    if not again["alreadyPosted"] or demo.received() != 1 or demo.accepted() != 1:
        demo.surprise(f"posted again: {again}, {demo.received()} posts arrived")
    print("   | not sent again; the exchange has seen one post in all")

    demo.step(
        "One that has expired", "Signed with an expiry that passed: refused before it is sent."
    )
    expired_request(folder)
    demo.run(
        "signer",
        "sign",
        "expired.json",
        "--keystore",
        "key.json",
        "--passphrase-file",
        "passphrase",
        "--yes",
        "--no-clock",
        "--out",
        "expired-signed.json",
        show=False,
    )
    refused = demo.run(
        "broadcaster", "post", "expired-signed.json", "--api-url", demo.url, "--json", expect=4
    )
    print(f"   | {json.loads(refused.stdout)['error']['message']}")
    if demo.received() != 1:
        demo.surprise("the expired payload reached the exchange")

    play_by_camera(demo, account)
    play_two_persons(demo, account)


def play_two_persons(demo: Demo, account: str) -> None:
    """A policy, two approvers, and a change that waits for both."""
    folder = demo.folder
    demo.step(
        "Two persons",
        "A policy: Alice and Bob must both approve. Each has a key of their own, and no wallet's.",
    )
    for name in ("alice", "bob"):
        demo.run(
            "signer",
            *("approver", "new", "--name", name, "--passphrase-file", "passphrase"),
            *("--state-dir", name),
            show=False,
        )
    people = [
        word
        for name in ("alice", "bob")
        for word in ("--approver", f"{name}={name}/approvers/{name}.pub")
    ]
    demo.run("signer", "policy", "init", *people, "--out", "policy.toml")
    shutil.copy(folder / "key.json", folder / "backup.json")
    demo.run(
        "signer",
        *("policy", "seal", "policy.toml", "--keystore", "key.json", "--backup", "backup.json"),
        *("--passphrase-file", "passphrase", "--yes"),
    )
    demo.run(
        "broadcaster",
        *("draft", "--coin", "ETH", "--leverage", "5", "--cross", "--account", account),
        *("--api-url", demo.url, "--out", "two.json"),
        show=False,
    )
    sign = (
        "sign",
        "two.json",
        "--keystore",
        "key.json",
        "--passphrase-file",
        "passphrase",
        "--yes",
    )
    said: tuple[str, ...] = ()
    for name in ("alice", "bob"):
        if name == "bob":
            demo.run("signer", *sign, *said, "--out", "two-signed.json", expect=4)
        demo.run(
            "signer",
            *("approve", "two.json", "--policy", "policy.toml", "--state-dir", name),
            *("--passphrase-file", "passphrase", "--yes", "--out", f"{name}.json"),
            show=name == "bob",
        )
        said = (*said, "--approvals", f"{name}.json")
    demo.run("signer", *sign, *said, "--out", "two-signed.json", show=False)
    posted = demo.run(
        "broadcaster",
        *("post", "two-signed.json", "--policy", "policy.toml", "--api-url", demo.url, "--json"),
    )
    result = json.loads(posted.stdout)
    if result["status"] != "confirmed" or demo.accepted() != 5:
        demo.surprise(f"the approved change ended as {result}")
    print("   | confirmed; without both of them neither side would have gone on")


def play_by_camera(demo: Demo, account: str) -> None:
    """Three changes at once, handed over by filming a screen, both ways."""
    folder = demo.folder
    demo.step(
        "By camera instead of by file",
        "Three changes in one batch. Each side films the other's screen; nothing else crosses.",
    )
    batch = []
    for coin in ("BTC", "ETH", "SOL"):
        made = demo.run(
            "broadcaster",
            *("draft", "--coin", coin, "--leverage", "3", "--cross", "--account", account),
            *("--api-url", demo.url, "--json"),
            show=False,
        )
        batch.append(json.loads(made.stdout)["request"])
    (folder / "batch.json").write_text(json.dumps(batch))
    demo.run("broadcaster", "qr", "show", "batch.json", "--qr-out", "batch.gif")
    print(f"   filmed: {film(folder / 'batch.gif', folder / 'batch.mp4')} video frames")
    demo.run(
        "signer",
        *("sign", "--scan", "batch.mp4", "--keystore", "key.json"),
        *("--passphrase-file", "passphrase", "--yes", "--qr-out", "signed.gif"),
    )
    shots = film(folder / "signed.gif", folder / "signed.mp4", drop=0.3)
    print(f"   filmed, with 30 % of the screen's frames missed: {shots} video frames")
    posted = demo.run(
        "broadcaster", "post", "--scan", "signed.mp4", "--api-url", demo.url, "--json"
    )
    results = json.loads(posted.stdout)
    if [result["status"] for result in results] != ["confirmed"] * 3 or demo.accepted() != 4:
        demo.surprise(f"the filmed batch ended as {results}")
    print("   | confirmed, all three: " + ", ".join(r["receipt"]["coin"] for r in results))


def expired_request(folder: Path) -> None:
    """The drafted request once more, with a nonce of two hours ago and an expiry an hour later."""
    request = json.loads((folder / "request.json").read_text())
    request["nonce"] -= 7_200_000
    request["expiresAfter"] = request["nonce"] + 3_600_000
    (folder / "expired.json").write_text(json.dumps(request))


def main() -> None:
    started = time.monotonic()
    folder = Path(tempfile.mkdtemp(prefix="coldlever-demo-"))
    demo = Demo(folder)
    try:
        play(demo)
    finally:
        demo.stop_exchange()
        shutil.rmtree(folder)
    print(
        f"\nDone in {time.monotonic() - started:.0f} s; the key, the ledgers and the exchange "
        "are gone again."
    )


if __name__ == "__main__":
    main()
