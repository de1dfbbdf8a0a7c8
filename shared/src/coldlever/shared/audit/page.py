"""A timeline as one web page to print: dark on white, without scripts, links or pictures."""

from __future__ import annotations

import base64
import hashlib
import html

from coldlever.shared.audit.document import Export
from coldlever.shared.audit.event import Kind
from coldlever.shared.audit.seen import head_text
from coldlever.shared.audit.timeline import Occurrence, Subject, Timeline
from coldlever.shared.reading.times import moment

_STYLE = """\
:root { color-scheme: light; }
body { margin: 1.5em; background: #fff; color: #222; font: 12px/1.4 sans-serif; }
h1 { font-size: 1.4em; }
h2 { font-size: 1.1em; }
table { border-collapse: collapse; width: 100%; }
th, td { padding: 2px 6px; border-bottom: 1px solid #bbb; text-align: left; vertical-align: top;
  overflow-wrap: anywhere; }
thead { display: table-header-group; }
tr { break-inside: avoid; }
.no td { font-weight: bold; }
@page { margin: 12mm; }
"""
_POLICY = "default-src 'none'; style-src {}; base-uri 'none'; form-action 'none'"
_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Timeline</title>
<style>{style}</style>
</head>
<body>
<h1>Timeline</h1>
<p>What the machines below recorded. Each chain of events was computed anew and holds together;
whoever owns a machine could have written its whole chain anew. So compare each head with one that
somebody else has seen: on a receipt, a check screen or an earlier page.</p>
<h2>Chains</h2>
<table>
<thead><tr><th>machine</th><th>side</th><th>chain</th><th>events</th><th>head</th></tr></thead>
<tbody>
{chains}
</tbody>
</table>
<h2>Payloads</h2>
<table>
<thead><tr><th>number</th><th>signer</th><th>nonce</th><th>digest</th></tr></thead>
<tbody>
{payloads}
</tbody>
</table>
<h2>Events</h2>
<table>
<thead><tr><th>time</th><th>machine</th><th>row</th><th>event</th><th>payload</th><th>who</th><th>policy</th>
<th>what</th></tr></thead>
<tbody>
{events}
</tbody>
</table>
</body>
</html>
"""


def timeline_page(timeline: Timeline) -> bytes:
    """The page, ASCII."""
    text = _PAGE.format(
        policy=_POLICY.format(_style_digest()),
        style=_STYLE,
        chains="\n".join(_chain_row(one) for one in timeline.chains),
        payloads="\n".join(
            _payload_row(number, one) for number, one in enumerate(timeline.payloads, 1)
        ),
        events="\n".join(_event_row(one) for one in timeline.occurrences),
    )
    return text.encode("ascii", "xmlcharrefreplace")


def _chain_row(export: Export) -> str:
    return _row(
        export.machine,
        export.chain.side.value,
        export.chain.id.hex(),
        str(len(export.events)),
        head_text(export.head),
    )


def _payload_row(number: int, subject: Subject) -> str:
    return _row(f"#{number}", subject.signer.checksummed, str(subject.nonce), subject.digest.hex())


def _event_row(one: Occurrence) -> str:
    event = one.linked.event
    code = "" if event.code is None else f" [{event.code}]"
    return _row(
        "no clock" if event.at is None else moment(event.at),
        one.copy.machine,
        str(one.linked.position),
        event.kind.value,
        "" if one.payload is None else f"#{one.payload}",
        event.who or "",
        "" if event.policy is None else str(event.policy.version),
        event.says + code,
        mark=' class="no"' if event.kind in (Kind.REFUSED, Kind.REJECTED) else "",
    )


def _row(*cells: str, mark: str = "") -> str:
    return f"<tr{mark}>{''.join(f'<td>{html.escape(cell)}</td>' for cell in cells)}</tr>"


def _style_digest() -> str:
    digest = hashlib.sha256(_STYLE.encode("ascii")).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"
