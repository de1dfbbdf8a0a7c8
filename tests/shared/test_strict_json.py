"""Loading JSON without surprises."""

import json
import tracemalloc

import pytest

from coldlever.shared.action.network import Network
from coldlever.shared.errors import ColdleverError, InputRefused
from coldlever.shared.message.request import Defaults, load_requests
from coldlever.shared.reading.strict_json import MAX_BYTES, MAX_DEPTH, NotInteger, loads

BOMS = [b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff"]


def code_of(data):
    with pytest.raises(InputRefused) as caught:
        loads(data, "file.json")
    return caught.value.code


def test_every_kind_of_value_is_read():
    text = b' {"a": [1, -2, "x", true, false, null, 1.5], "b": {}} \r\n\t'
    assert loads(text, "f") == {"a": [1, -2, "x", True, False, None, NotInteger("1.5")], "b": {}}


@pytest.mark.parametrize("text", ["10.0", "1e1", "1E400", "-0", "-0.0", "9" * 21, "-" + "9" * 20])
def test_other_numbers_than_plain_integers_are_marked(text):
    assert loads(text.encode(), "f") == NotInteger(text)


def test_twenty_digits_are_still_an_integer():
    assert loads(b"9" * 20, "f") == int("9" * 20)


@pytest.mark.parametrize("bom", BOMS)
def test_a_byte_order_mark_is_refused(bom):
    assert code_of(bom + b"{}") == "json-not-utf8"


def test_utf_16_without_a_mark_is_refused():
    assert code_of("{}".encode("utf-16-le")) == "json-malformed"


def test_the_first_byte_that_is_not_utf_8_is_named(refusal):
    error = refusal(loads, b'{"a": "\xff"}', "file.json")
    assert error.code == "json-not-utf8"
    assert "file.json: byte 7 is not UTF-8" in error.message


def test_the_bound_is_exactly_one_mebibyte(refusal):
    assert loads(b" " * (MAX_BYTES - 1) + b"1", "f") == 1
    error = refusal(loads, b" " * MAX_BYTES + b"1", "f")
    assert error.code == "json-too-large"
    assert f"found {MAX_BYTES + 1} bytes" in error.message
    assert error.remedy is not None


@pytest.mark.parametrize(("opening", "closing"), [(b"[", b"]"), (b'{"a":', b"}")])
def test_the_deepest_level_is_the_thirty_second(opening, closing):
    assert loads(opening * MAX_DEPTH + b"1" + closing * MAX_DEPTH, "f") is not None
    deeper = opening * (MAX_DEPTH + 1) + b"1" + closing * (MAX_DEPTH + 1)
    assert code_of(deeper) == "json-too-deep"


@pytest.mark.parametrize("text", ["[" * 90, '"' + "{" * 90, '\\"' + "[" * 90, '\\\\"[[[[' * 20])
def test_brackets_in_strings_are_no_levels(text):
    document = json.dumps([text, {text: text}]).encode()
    assert loads(document, "f") == [text, {text: text}]


def test_many_brackets_side_by_side_are_no_levels():
    assert loads(b"[" + b"[]," * 500 + b"{}]", "f") == [[]] * 500 + [{}]


@pytest.mark.parametrize(
    "data",
    [
        b"", b" ", b"{", b"[1,]", b"{'a':1}", b'{"a":1,}', b"[1] 2", b"// x\n1", b"01", b"+1", b".5",
        b'"\t"', b'"\\x"', b"]" * 80 + b"[" * 80, b'"' + b"[" * 90, b'"\\', b"\\" + b'"[' * 9, b"tru",
    ],
)  # fmt: skip
def test_what_is_not_json_is_refused(data):
    assert code_of(data) == "json-malformed"


@pytest.mark.parametrize("name", ["NaN", "Infinity", "-Infinity"])
def test_constants_that_json_lacks_are_refused_by_name(name, refusal):
    error = refusal(loads, f'{{"a": {name}}}'.encode(), "f")
    assert error.code == "json-malformed"
    assert f"found {name}, which JSON does not have" in error.message


def test_a_syntax_error_names_file_line_and_column(refusal):
    error = refusal(loads, b'{\n  "a" 1}', "my file.json")
    assert error.message.startswith("my file.json: not JSON:")
    assert "line 2, column 7" in error.message


def test_a_file_name_is_escaped(refusal):
    assert refusal(loads, b"", "\x1b[2J").message.startswith("\\u{001b}[2J: ")


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b'{"a":1,"a":1}', '$: found the key "a" twice'),
        (b'{"a":1,"\\u0061":2}', '$: found the key "a" twice'),
        (b'[0,{"b":[{"c":1,"c":2}]}]', '$[1].b[0]: found the key "c" twice'),
        (b'{"x y":{"":1,"":2}}', '$["x y"]: found the key "" twice'),
        (b'{"a\\u001b[2J\\"":{"k":1,"k":2}}', '$["a\\u{001b}[2J\\u{0022}"]: found the key "k"'),
    ],
)
def test_a_key_given_twice_is_refused_where_it_stands(data, found, refusal):
    error = refusal(loads, data, "f")
    assert error.code == "json-duplicate-key"
    assert found in error.message


def test_the_first_of_several_problems_is_named(refusal):
    error = refusal(loads, b'[{"a":1,"a":2},{"b":1,"b":2}]', "f")
    assert '$[0]: found the key "a" twice' in error.message


def test_a_path_of_foreign_keys_does_not_flood_the_screen(refusal):
    step = '{"' + "\U0001f600" * 60 + '":'
    document = step * 30 + '{"a":1,"a":1}' + "}" * 30
    assert len(refusal(loads, document.encode(), "f").message) < 450


@pytest.mark.parametrize(
    "data",
    [b'"\\ud800"', b'["\\udc00 x"]', b'{"\\ud83d": 1}', b'{"a": ["\\ude00\\ud83d"]}'],
)
def test_half_a_surrogate_pair_is_refused(data, refusal):
    error = refusal(loads, data, "f")
    assert error.code == "json-malformed"
    assert "half of a surrogate pair" in error.message


def test_a_whole_surrogate_pair_is_one_character():
    assert loads(b'"\\ud83d\\ude00"', "f") == "\U0001f600"


def filled(start, unit, end=b""):
    return start + unit * ((MAX_BYTES - len(start) - len(end)) // len(unit)) + end


FACE = "\U0001f600".encode()
DEEP = b"".join(b'{"' + FACE * 60 + b'":' for _ in range(31))
ACTION = b'{"type":"updateLeverage","asset":0,"isCross":true,"leverage":10}'
WORST = {
    "an unclosed string of escaped quotes": filled(b'"', b'\\"'),
    "nothing but quotes": filled(b"", b'"'),
    "one endless integer": filled(b"", b"9"),
    "endless opening": filled(b"", b"["),
    "endless pairs": filled(b"[[]", b",[]", b"]"),
    "half a million numbers": filled(b"[0", b",0", b"]"),
    "floats": filled(b"[1.5", b",1e9", b"]"),
    "numbers below a long path": filled(DEEP + b"[0", b",0", b"]" + b"}" * 31),
    "duplicates": filled(b'[{"a":1,"a":2}', b',{"a":1,"a":2}', b"]"),
    "escapes": filled(b'"', b"\\u0041", b'"'),
    "strings that are not ASCII": filled(b'["\xc3\xa9"', b',"\xc3\xa9"', b"]"),
    "white space": filled(b"", b"\n"),
    "backslashes": filled(b'"', b"\\"),
    "sixteen thousand actions": filled(b"[" + ACTION, b"," + ACTION, b"]"),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", WORST)
def test_the_worst_mebibyte_comes_to_an_end(name):
    """Each takes about half a second; what grew with the square of the size would not end."""
    if name == "sixteen thousand actions":
        file = load_requests(WORST[name], "f", Defaults(Network.MAINNET, 1))
        assert len(file.requests) > 16_000
        return
    with pytest.raises(ColdleverError) as refused:
        load_requests(WORST[name], "f", Defaults(Network.MAINNET, 1))
    assert refused.value.exit_status == 3


def test_paths_are_not_kept_for_every_value():
    document = DEEP + b"[0" + b",0" * 100_000 + b"]" + b"}" * 31
    tracemalloc.start()
    try:
        loads(document, "f")
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "data",
    [
        b'{"a": "[", "b": [1]}',
        b'["]]]]", {"{": "}"}]',
        b'{"never closed',
        b'["a", "b, [[[',
        b'""[]""{}""',
        b"[[[{{{",
    ],
)
def test_brackets_in_strings_do_not_count_whether_something_is_escaped_or_not(data):
    from coldlever.shared.reading.strict_json import _NO_BRACKETS, _brackets

    assert _brackets(data) == _NO_BRACKETS.sub(b"", data)
    assert _brackets(data + b"\\") == _NO_BRACKETS.sub(b"", data + b"\\")


@pytest.mark.parametrize("quote", [b"", b"\\u0041"])
def test_a_long_array_may_be_as_deep_as_the_bound_and_no_deeper(quote):
    def nested(levels):
        return b"[" * levels + b'"' + quote + b'"' + b"]" * levels

    many = b"[" + b",".join([b'{"a": "[{"}'] * 50) + b"," + nested(MAX_DEPTH - 1) + b"]"
    assert len(loads(many, "f")) == 51
    assert code_of(many.replace(nested(MAX_DEPTH - 1), nested(MAX_DEPTH))) == "json-too-deep"


@pytest.mark.parametrize("escape", ["\\ud800", "\\uDFFF", "\\uD83D\\uDE00", "\\u00e9"])
def test_an_escape_is_looked_at_wherever_it_stands(escape):
    text = f'[{{"a": "x{escape}"}}]'.encode()
    whole = escape.startswith("\\uD83D") or escape == "\\u00e9"
    if whole:
        assert loads(text, "f") == json.loads(text)
    else:
        assert code_of(text) == "json-malformed"
