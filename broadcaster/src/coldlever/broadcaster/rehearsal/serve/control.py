"""Control: the HTTP side of arranging a scene, under ``/rehearsal/``, for trainers and tests.

Bodies are JSON objects, read as strictly as every other file of coldlever; amounts are decimal
strings or numbers. Done is HTTP 200 with ``{"ok": true}``; a refusal is HTTP 400 with ``code``,
``message`` and, where there is one, ``remedy``.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from flask import Blueprint, Response, jsonify, request

from coldlever.broadcaster.rehearsal.act import Outcome
from coldlever.broadcaster.rehearsal.exchange import FUNDS, MAX_SHIFT_MS, RehearsalExchange
from coldlever.broadcaster.rehearsal.faults import EXCHANGE_PATH, MAX_COUNT
from coldlever.shared.action import Address
from coldlever.shared.action.address import as_address
from coldlever.shared.errors import InputRefused
from coldlever.shared.reading import (
    SAFE_INTEGER_MAX,
    JsonValue,
    Where,
    as_integer,
    as_object,
    as_string,
    describe,
    elements,
    loads,
)
from coldlever.shared.reading.fields import as_boolean
from coldlever.shared.reading.strict_json import NotInteger

_TEXT_MAX_LENGTH = 64
_MULTI_SIG_MAX = 10
_WHERE = Where("request")

_Fields = dict[str, JsonValue]


def control_surface(exchange: RehearsalExchange) -> Blueprint:
    """The routes under ``/rehearsal/`` for one exchange."""
    surface = Blueprint("rehearsal", __name__, url_prefix="/rehearsal")
    surface.register_error_handler(InputRefused, _refuse)
    control = _Control(exchange)
    for path, method, view in (
        ("/account", "POST", control.add_account),
        ("/agent", "POST", control.add_agent),
        ("/agent", "DELETE", control.remove_agent),
        ("/vault", "POST", control.add_vault),
        ("/subaccount", "POST", control.add_sub_account),
        ("/multisig", "POST", control.set_multi_sig),
        ("/abstraction", "POST", control.set_abstraction),
        ("/position", "POST", control.set_position),
        ("/mark", "POST", control.set_mark),
        ("/clock", "POST", control.shift_clock),
        ("/fault", "POST", control.add_fault),
        ("/fault", "DELETE", control.clear_faults),
        ("/log", "GET", control.show_log),
        ("/log", "DELETE", control.clear_log),
        ("/landing", "GET", control.land),
        ("/landing", "POST", control.land),
    ):
        surface.add_url_rule(path, f"{method} {path[1:]}", view, methods=[method])
    return surface


class _Control:
    """One view a method; each reads the request's body and answers it."""

    def __init__(self, exchange: RehearsalExchange) -> None:
        self._exchange = exchange

    def add_account(self) -> Response:
        fields = _body(("account",), ("usd",))
        self._exchange.add_account(_address(fields, "account"), _amount(fields, "usd", FUNDS))
        return _done()

    def add_agent(self) -> Response:
        fields = _body(("master", "agent"), ("name", "validUntil"))
        valid_until = fields.get("validUntil")
        self._exchange.add_agent(
            _address(fields, "master"),
            _address(fields, "agent"),
            name=None if fields.get("name") is None else _text(fields, "name"),
            valid_until=None
            if valid_until is None
            else as_integer(valid_until, _WHERE.key("validUntil"), 0, SAFE_INTEGER_MAX),
        )
        return _done()

    def remove_agent(self) -> Response:
        fields = _body(("master", "agent"))
        self._exchange.remove_agent(_address(fields, "master"), _address(fields, "agent"))
        return _done()

    def add_vault(self) -> Response:
        fields = _body(("leader", "vault"), ("name", "usd"))
        self._exchange.add_vault(
            _address(fields, "leader"),
            _address(fields, "vault"),
            name=_text(fields, "name", "vault"),
            usd=_amount(fields, "usd", FUNDS),
        )
        return _done()

    def add_sub_account(self) -> Response:
        fields = _body(("master", "subAccount"), ("name", "usd"))
        self._exchange.add_sub_account(
            _address(fields, "master"),
            _address(fields, "subAccount"),
            name=_text(fields, "name", "sub-account"),
            usd=_amount(fields, "usd", FUNDS),
        )
        return _done()

    def set_multi_sig(self) -> Response:
        fields = _body(("user", "authorizedUsers", "threshold"))
        listed = elements(fields["authorizedUsers"], _WHERE.key("authorizedUsers"))
        self._exchange.set_multi_sig(
            _address(fields, "user"),
            [as_address(value, where) for value, where in listed],
            as_integer(fields["threshold"], _WHERE.key("threshold"), 1, _MULTI_SIG_MAX),
        )
        return _done()

    def set_abstraction(self) -> Response:
        fields = _body(("account", "abstraction"))
        self._exchange.set_abstraction(_address(fields, "account"), _text(fields, "abstraction"))
        return _done()

    def set_position(self) -> Response:
        fields = _body(("account", "coin", "szi"), ("entryPx",))
        account, coin = _address(fields, "account"), _text(fields, "coin")
        szi = _amount(fields, "szi")
        if szi == 0:
            self._exchange.close_position(account, coin)
        else:
            entry_px = _amount(fields, "entryPx") if "entryPx" in fields else None
            self._exchange.open_position(account, coin, szi, entry_px=entry_px)
        return _done()

    def set_mark(self) -> Response:
        fields = _body(("coin", "markPx"))
        self._exchange.set_mark(_text(fields, "coin"), _amount(fields, "markPx"))
        return _done()

    def shift_clock(self) -> Response:
        shift = as_integer(
            _body(("shiftMs",))["shiftMs"], _WHERE.key("shiftMs"), -MAX_SHIFT_MS, MAX_SHIFT_MS
        )
        self._exchange.shift_clock(shift)
        return _done()

    def add_fault(self) -> Response:
        fields = _body(("kind",), ("count", "seconds", "path", "executed"))
        self._exchange.inject(
            _text(fields, "kind"),
            count=as_integer(fields.get("count", 1), _WHERE.key("count"), 1, MAX_COUNT),
            seconds=float(_amount(fields, "seconds", Decimal(1))),
            path=_text(fields, "path", EXCHANGE_PATH),
            executed=as_boolean(fields["executed"], _WHERE.key("executed"))
            if "executed" in fields
            else None,
        )
        return _done()

    def clear_faults(self) -> Response:
        self._exchange.faults.clear()
        return _done()

    def show_log(self) -> Response:
        return jsonify([entry.to_wire() for entry in self._exchange.journal.entries()])

    def clear_log(self) -> Response:
        self._exchange.journal.clear()
        return _done()

    def land(self) -> Response:
        # Where the redirect fault points: whoever comes here followed a redirect with an action.
        self._exchange.note(Outcome.REDIRECT_FOLLOWED, "redirect")
        return jsonify({"status": "ok", "response": {"type": "default"}})


def _refuse(error: InputRefused) -> tuple[Response, int]:
    return jsonify(error.to_wire()), 400


def _done() -> Response:
    return jsonify({"ok": True})


def _body(required: tuple[str, ...], optional: tuple[str, ...] = ()) -> _Fields:
    return as_object(loads(request.get_data(), _WHERE.source), _WHERE, required, optional)


def _address(fields: _Fields, name: str) -> Address:
    return as_address(fields[name], _WHERE.key(name))


def _text(fields: _Fields, name: str, default: str | None = None) -> str:
    value = fields[name] if default is None else fields.get(name, default)
    return as_string(value, _WHERE.key(name), _TEXT_MAX_LENGTH)


def _amount(fields: _Fields, name: str, default: Decimal | None = None) -> Decimal:
    value = fields.get(name)
    if value is None and default is not None:
        return default
    text = value.text if isinstance(value, NotInteger) else value
    if isinstance(text, int) and not isinstance(text, bool):
        return Decimal(text)
    try:
        amount = Decimal(as_string(text, _WHERE.key(name), _TEXT_MAX_LENGTH))
    except InvalidOperation:
        amount = Decimal("NaN")
    if not amount.is_finite():
        raise _WHERE.key(name).refusal("bad-decimal", describe(value), "a decimal such as 0.5")
    return amount
