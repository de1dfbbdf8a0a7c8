"""Who prints, who ends the process, who reads the clock, where a float may be: read from the code."""

from __future__ import annotations

import ast
from collections.abc import Callable

import pytest

from tests.rules.syntax import calls, imports, names, product

pytestmark = pytest.mark.sources

_TALKING = {
    "print", "input", "breakpoint", "exit", "quit", "sys.exit", "os._exit", "os.abort", "SystemExit",
    "getpass.getpass", "click.echo", "click.secho", "click.prompt", "click.confirm", "click.pause",
    "click.getchar", "click.edit", "click.clear",
}  # fmt: skip
_STREAMS = {"sys.stdout", "sys.stderr", "sys.stdin"}
_CLOCKS = {
    "time.time", "time.time_ns", "time.localtime", "time.gmtime", "datetime.now", "datetime.utcnow",
    "datetime.today", "date.today", "datetime.datetime.now", "datetime.date.today",
}  # fmt: skip
_OTHER_PROGRAMS = {
    "os.system", "os.popen", "os.fork", "os.forkpty", "os.posix_spawn", "os.posix_spawnp", "pty.spawn",
    "os.execv", "os.execve", "os.execvp", "os.execvpe", "os.execl", "os.execlp", "os.startfile",
}  # fmt: skip


def talking(tree: ast.AST) -> set[str]:
    """What prints, prompts or ends the process, and its streams."""
    return (set(calls(tree)) & _TALKING) | (set(names(tree)) & _STREAMS) | _raised(tree)


def _raised(tree: ast.AST) -> set[str]:
    raised = (node.exc for node in ast.walk(tree) if isinstance(node, ast.Raise) and node.exc)
    return {"SystemExit" for one in raised if ast.unparse(one).startswith("SystemExit")}


def clocks(tree: ast.AST) -> set[str]:
    """What tells the time of day; a monotonic clock does not."""
    return (set(names(tree)) | set(imports(tree))) & _CLOCKS


def floats(tree: ast.AST) -> set[str]:
    """Literals, conversions, and divisions that have a number written in them."""
    found = set(calls(tree)) & {"float", "complex"}
    found |= {name for name in imports(tree) if name in {"math", "decimal", "fractions"}}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, float | complex):
            found.add(repr(node.value))
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div) and _has_number(node):
            found.add(ast.unparse(node))
    return found


def _has_number(node: ast.BinOp) -> bool:
    sides = (node.left, node.right)
    return any(isinstance(one, ast.Constant) and isinstance(one.value, int) for one in sides)


def other_programs(tree: ast.AST) -> set[str]:
    """What starts another program."""
    found = {name for name in imports(tree) if name.split(".")[0] in {"subprocess", "pty"}}
    return found | ((set(calls(tree)) | set(imports(tree))) & _OTHER_PROGRAMS)


def _in_cli(path: str) -> bool:
    return path.split("/")[1] == "cli"


def _in_shared(path: str) -> bool:
    return path.startswith("shared/")


# Each rule: what it looks for, the modules that it is about, and who may break it, and why.
_RULES: dict[str, tuple[Callable[[ast.AST], set[str]], Callable[[str], bool], dict[str, str]]] = {
    "only the command lines print, prompt or exit": (
        talking,
        lambda path: not _in_cli(path),
        {
            "shared/qr/play/screen.py": "a signal ends the player once the screen is restored",
            "signer/start.py": "it names dropped variables before a command line exists",
        },
    ),
    "only the command lines read the clock": (
        clocks,
        lambda path: not _in_cli(path),
        {
            "broadcaster/rehearsal/exchange.py": "the default of an argument: an exchange has a clock"
        },
    ),
    "no float in shared": (
        floats,
        _in_shared,
        {
            "shared/ur/sampler.py": "the fountain's choice of fragments is defined on doubles",
            "shared/ur/fragment_chooser.py": "the same: the weights of the degrees",
            "shared/ur/xoshiro.py": "the same: a random double",
            "shared/qr/scan/decoder.py": "a radius of half a pixel, for a picture that is looked at",
            "shared/qr/scan/stills.py": "Pillow maps 16-bit pictures by a linear function alone",
        },
    ),
    "no other program is started": (
        other_programs,
        lambda _: True,
        {"signer/start.py": "the signer itself, started once more with safe switches"},
    ),
}


@pytest.mark.parametrize("rule", _RULES)
def test_the_rule_is_kept_but_for_the_named_exceptions(rule):
    look, concerns, exceptions = _RULES[rule]
    found = {path: look(tree) for path, tree in product().items() if concerns(path) and look(tree)}
    assert {path: what for path, what in found.items() if path not in exceptions} == {}
    assert exceptions.keys() == found.keys(), "an exception that nobody needs any more"


@pytest.mark.parametrize(
    ("look", "code"),
    [
        (talking, "print(1)"),
        (talking, "raise SystemExit"),
        (talking, "raise SystemExit(1)"),
        (talking, "sys.exit()"),
        (talking, "click.echo('a')"),
        (talking, "stream = sys.stderr"),
        (clocks, "clock = time.time_ns"),
        (clocks, "from time import time"),
        (clocks, "datetime.now(UTC)"),
        (floats, "x = 1.5"),
        (floats, "float(x)"),
        (floats, "1 / x"),
        (floats, "import math"),
        (other_programs, "import subprocess"),
        (other_programs, "from subprocess import run"),
        (other_programs, "os.system('a')"),
    ],
)
def test_what_breaks_a_rule_is_seen(look, code):
    assert look(ast.parse(code))


@pytest.mark.parametrize(
    ("look", "code"),
    [
        (talking, "stream.write('print')"),
        (clocks, "time.monotonic()"),
        (floats, "folder / 'name'"),
        (floats, "7 // 2"),
        (other_programs, "'subprocess.Popen'"),
    ],
)
def test_what_keeps_a_rule_is_left_alone(look, code):
    assert not look(ast.parse(code))
