"""Draw docs/review-and-checks.svg: what `sign` and `check` show on a terminal.

Run it as ``python tools/picture.py`` when the texts have changed. It plays the real
commands on a pseudo-terminal against a local exchange and draws what they print.
"""

from __future__ import annotations

import html
import json
import os
import pty
import re
import select
import shutil
import sys
import tempfile
import time
from pathlib import Path

from demo import Demo

_OUT = Path(__file__).resolve().parents[1] / "docs" / "review-and-checks.svg"
_COLUMNS, _ROW, _CHARACTER = 100, 19, 8.4
_COLOURS = {"31": "#ff7b72", "32": "#7ee787", "33": "#e3b341"}
_SGR = re.compile(r"\x1b\[([0-9;]*)m")
_TIMEOUT_S = 60


def play(demo: Demo, side: str, *arguments: str, answers: tuple[str, ...] = ()) -> str:
    """Run a command on a pseudo-terminal; returns what the screen got, colours included."""
    environment = {**demo.environment, "TERM": "xterm-256color", "COLUMNS": str(_COLUMNS)}
    child, terminal = pty.fork()
    if child == 0:
        os.chdir(demo.folder)
        command = [sys.executable, "-m", f"coldlever.{side}", *arguments]
        os.execve(sys.executable, command, environment)
    screen, waiting = "", list(answers)
    deadline = time.monotonic() + _TIMEOUT_S
    while time.monotonic() < deadline:
        if select.select([terminal], [], [], 0.3)[0]:
            try:
                data = os.read(terminal, 65536)
            except OSError:
                break
            if not data:
                break
            screen += data.decode()
        elif waiting and screen.rstrip().endswith(":"):
            os.write(terminal, waiting.pop(0).encode() + b"\r")
    os.close(terminal)
    if os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) != 0:
        raise SystemExit(f"{arguments} failed:\n{screen}")
    return screen.replace("\r\n", "\n")


def draw(lines: list[str]) -> str:
    """Lines with SGR colours as an SVG picture of a terminal."""
    width, height = int(_COLUMNS * _CHARACTER) + 40, len(lines) * _ROW + 56
    rows = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
            f'viewBox="0 0 {width} {height}" font-family="ui-monospace, SFMono-Regular, Menlo, '
            'DejaVu Sans Mono, monospace" font-size="14">'
        ),
        f'<rect width="{width}" height="{height}" rx="8" fill="#0d1117"/>',
        *(f'<circle cx="{20 + 18 * n}" cy="18" r="5" fill="#30363d"/>' for n in range(3)),
    ]
    for number, line in enumerate(lines):
        spans, colour, bold, at = [], "#c9d1d9", False, 0
        for match in [*_SGR.finditer(line), None]:
            text = line[at : match.start() if match else len(line)]
            if text:
                weight = ' font-weight="bold"' if bold else ""
                spans.append(f'<tspan fill="{colour}"{weight}>{html.escape(text)}</tspan>')
            if match is None:
                break
            at = match.end()
            for code in match[1].split(";"):
                if code in ("", "0"):
                    colour, bold = "#c9d1d9", False
                elif code == "1":
                    bold = True
                else:
                    colour = _COLOURS.get(code, colour)
        y = 48 + number * _ROW
        rows.append(f'<text x="20" y="{y}" xml:space="preserve">{"".join(spans)}</text>')
    return "\n".join([*rows, "</svg>", ""])


def main() -> None:
    """Play and draw."""
    folder = Path(tempfile.mkdtemp(prefix="coldlever-picture-"))
    demo = Demo(folder)
    try:
        (folder / "passphrase").write_text("a passphrase for a picture\n")
        (folder / "passphrase").chmod(0o600)
        made = demo.run(
            "signer",
            "key",
            "new",
            "--name",
            "cold",
            "--passphrase-file",
            "passphrase",
            "--json",
            show=False,
        )
        account = json.loads(made.stdout)["address"]
        demo.start_exchange(account)
        demo.run(
            "broadcaster",
            "draft",
            "--coin",
            "BTC",
            "--leverage",
            "25",
            "--cross",
            "--account",
            account,
            "--api-url",
            demo.url,
            "--note",
            "as agreed on Monday",
            "--out",
            "request.json",
            show=False,
        )
        signing = play(
            demo,
            "signer",
            "sign",
            "request.json",
            "--passphrase-file",
            "passphrase",
            "--out",
            "signed.json",
            answers=("yes",),
        )
        checking = play(demo, "broadcaster", "check", "signed.json", "--api-url", demo.url)
    finally:
        demo.stop_exchange()
        shutil.rmtree(folder)
    checks = checking[checking.index("signed.json") - 10 :]
    checks = checks[checks.index("\n") + 1 :] if "\n" in checks[:10] else checks
    lines = [
        "\x1b[1moffline $ coldlever-signer sign request.json --out signed.json\x1b[0m",
        *signing.strip("\n").split("\n"),
        "",
        "\x1b[1monline $ coldlever-broadcaster check signed.json\x1b[0m",
        "  (the same review, then:)",
        *checks.strip("\n").replace(demo.url, "the exchange").split("\n"),
    ]
    _OUT.write_text(draw(lines))
    print(f"{_OUT.name}: {len(lines)} lines")


if __name__ == "__main__":
    main()
