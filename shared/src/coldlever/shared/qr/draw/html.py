"""A web page that shows QR codes by itself: one file, no network.

The page's own policy forbids every request and every script but the one written here, known by
its hash. With scripts switched off it still plays, as an animated PNG without controls.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
from collections.abc import Sequence

from coldlever.shared.qr.draw import pace
from coldlever.shared.qr.draw.bitmap import packed_rows
from coldlever.shared.qr.draw.caption import Caption
from coldlever.shared.qr.draw.matrix import Matrix
from coldlever.shared.qr.draw.png import apng, png

_STYLE = """\
:root { color-scheme: light; }
body { margin: 0; background: #fff; color: #222; font: 16px/1.5 sans-serif; text-align: center; }
img, canvas { width: 80vmin; image-rendering: pixelated; }
[hidden] { display: none; }
form { padding: 0 1em; }
p { margin: 0.2em 1em; }
label { display: inline-block; margin: 0 1em; }
input { width: 12em; vertical-align: middle; }
output { display: inline-block; min-width: 5em; text-align: left; }
"""

# Each frame is as many bits as it has modules, row by row, rows filled up to whole bytes; 1 is
# white. The canvas has one pixel a module, and the style sheet stretches it without smoothing.
_SCRIPT = """\
"use strict";
const find = (id) => document.getElementById(id);
const data = JSON.parse(find("frames").textContent);
const frames = data.frames.map((text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0)));
const canvas = find("canvas");
const context = canvas.getContext("2d");
const stride = Math.ceil(data.size / 8);
canvas.width = canvas.height = data.size;
const draw = (bits) => {
  const image = context.createImageData(data.size, data.size);
  for (let y = 0; y < data.size; y++) {
    for (let x = 0; x < data.size; x++) {
      const white = (bits[y * stride + (x >> 3)] >> (7 - (x & 7))) & 1;
      const at = 4 * (y * data.size + x);
      image.data.fill(255 * white, at, at + 3);
      image.data[at + 3] = 255;
    }
  }
  context.putImageData(image, 0, 0);
};
let number = 0;
const step = () => {
  draw(frames[number]);
  find("number").value = `${number + 1} of ${frames.length}`;
  number = (number + 1) % frames.length;
  if (frames.length > 1) setTimeout(step, Number(find("speed").value));
};
const label = () => {
  canvas.style.width = `${find("size").value}vmin`;
  find("milliseconds").value = `${find("speed").value} ms`;
};
find("size").addEventListener("input", label);
find("speed").addEventListener("input", label);
find("animated").hidden = frames.length === 1;
find("picture").hidden = true;
find("controls").hidden = canvas.hidden = false;
label();
step();
"""

_PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body>
<p>{title}</p>
{words}<img id="picture" alt="QR code" src="data:image/png;base64,{picture}">
<canvas id="canvas" hidden></canvas>
<form id="controls" autocomplete="off" hidden>
<label>Size <input id="size" type="range" min="20" max="95" value="80"></label>
<span id="animated">
<label>Time a frame <input id="speed" type="range" min="{fastest}" max="{slowest}" step="10"
value="{frame_ms}"> <output id="milliseconds"></output></label>
<label>Frame <output id="number"></output></label>
</span>
</form>
<script type="application/json" id="frames">{frames}</script>
<script>{script}</script>
</body>
</html>
"""


def page(
    frames: Sequence[Matrix],
    scale: int,
    frame_ms: int,
    title: str,
    caption: Caption | None = None,
) -> bytes:
    """The page.

    Args:
        frames: codes of one size, at least one.
        scale: pixels a module of the picture that is shown without scripts.
        frame_ms: how long each frame stays at first, ms.
        title: plain text above the code.
        caption: more of it, line by line.

    Returns:
        HTML, ASCII.
    """
    picture = png(frames[0], scale) if len(frames) == 1 else apng(frames, scale, frame_ms)
    data = {
        "size": frames[0].size,
        "frames": [_base64(b"".join(packed_rows(matrix, 1))) for matrix in frames],
    }
    policy = (
        f"default-src 'none'; img-src data:; style-src {_digest(_STYLE)}; "
        f"script-src {_digest(_SCRIPT)}; base-uri 'none'; form-action 'none'"
    )
    return _PAGE.format(
        policy=policy,
        title=html.escape(title),
        words="".join(f"<p>{html.escape(line)}</p>\n" for line in caption.lines) if caption else "",
        style=_STYLE,
        picture=_base64(picture),
        fastest=pace.FASTEST_MS,
        slowest=pace.SLOWEST_MS,
        frame_ms=frame_ms,
        frames=json.dumps(data),
        script=_SCRIPT,
    ).encode("ascii", "xmlcharrefreplace")


def _digest(text: str) -> str:
    return f"'sha256-{_base64(hashlib.sha256(text.encode('ascii')).digest())}'"


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
