"""Run the README's commands as they are written, on a terminal, in a copy of nobody's home.

Every fenced block marked ``sh`` is run, in order, in one shell; prompts are answered as a person
would. ``make demo`` and ``make test`` are left to CI itself, which calls both.
"""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import sys
import tempfile
import time
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]
_BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_LEFT_TO_CI = {"make demo\n", "make test\n", "make wheels\n"}
_TIMEOUT_S = 120
# What the screen ends with, and what a person types then.
_ANSWERS = (
    (re.compile(r"(assphrase[^\n]*|confirmation): $"), "a good long passphrase 42"),
    (re.compile(r"yes[^\n]*: $"), "yes"),
)
_PROOFS = (
    "BTC = asset 3 (in coldlever's table)",
    "ETH = asset 4 (in coldlever's table)",
    "CONFIRMED: BTC",
    "not sent again",
    "all checks passed",
)


def main() -> None:
    """Run the blocks; exit with a non-zero status when one fails or shows something else."""
    blocks = _BLOCK.findall((_ROOT / "README.md").read_text())
    wanted = [block for block in blocks if block not in _LEFT_TO_CI]
    if len(blocks) - len(wanted) != len(_LEFT_TO_CI) or not wanted:
        raise SystemExit("the README's blocks are not as expected")
    work = Path(tempfile.mkdtemp(prefix="coldlever-readme-"))
    try:
        (work / ".venv").symlink_to(_ROOT / ".venv")
        status, screen = _run("set -e; trap 'kill %1' EXIT\n" + "".join(wanted), work)
    finally:
        shutil.rmtree(work)
    print(screen)
    missing = [proof for proof in _PROOFS if proof not in screen]
    if status != 0 or missing:
        raise SystemExit(f"the README's commands ended with {status}; not seen: {missing}")
    print("the README's commands work as they are written")


def _run(script: str, work: Path) -> tuple[int, str]:
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(work)
        environment = {k: v for k, v in os.environ.items() if not k.startswith("XDG_")}
        environment |= {"HOME": str(work), "TERM": "xterm", "COLUMNS": "100"}
        os.execve("/bin/bash", ["bash", "-m", "-c", script], environment)
    screen, answered = "", 0
    deadline = time.monotonic() + _TIMEOUT_S
    while time.monotonic() < deadline:
        if select.select([terminal], [], [], 0.2)[0]:
            try:
                data = os.read(terminal, 65536)
            except OSError:
                break
            if not data:
                break
            screen += data.decode("utf-8", "replace")
            continue
        rest = screen[answered:]
        for prompt, answer in _ANSWERS:
            if prompt.search(rest):
                answered = len(screen)
                os.write(terminal, answer.encode() + b"\r")
                break
    else:
        os.kill(child, 9)
    _, raw = os.waitpid(child, 0)
    os.close(terminal)
    return os.waitstatus_to_exitcode(raw), screen


if __name__ == "__main__":
    sys.exit(main())
