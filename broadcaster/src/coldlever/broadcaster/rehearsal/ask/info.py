"""Info: from the body of a POST to ``/info`` to its answer, in the shapes of the exchange.

Source: the exchange's documentation of its info endpoint, its official SDK and recorded answers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from coldlever.broadcaster.rehearsal.ask import idle, market_data, people
from coldlever.broadcaster.rehearsal.reading import Malformed, an_object, load, read_string
from coldlever.broadcaster.rehearsal.state import Venue

Fields = dict[str, object]
_Answer = Callable[[Venue, Fields, int], object]


def kind_of(body: bytes) -> str | None:
    """The ``type`` of a request that `answer` can answer, or None for any other body."""
    try:
        return str(_fields(body)["type"])
    except Malformed:
        return None


def answer(venue: Venue, body: bytes, now: int) -> object:
    """Answer one request.

    Args:
        venue: the state, only read.
        body: the request's body.
        now: the exchange's time, ms since the epoch.

    Returns:
        What goes into the response as JSON.

    Raises:
        NotJson: the exchange would answer HTTP 400.
        Malformed: the exchange would answer HTTP 422.
    """
    fields = _fields(body)
    return _ANSWERS[str(fields["type"])](venue, fields, now)


def _fields(body: bytes) -> Fields:
    """The fields of a request in either form: an object, or an array with the type in front."""
    value = load(body)
    if isinstance(value, list):
        return _positional(value)
    fields = an_object(value)
    if read_string(fields.get("type")) not in _ANSWERS:
        raise Malformed
    return fields


def _positional(values: list[object]) -> Fields:
    # Observed for userRole and preTransferCheck; for the others a guess by their documented order.
    kind, *arguments = values or [None]
    if read_string(kind) not in _ANSWERS:
        raise Malformed
    names = _ORDER.get(str(kind), ())
    if len(arguments) > len(names):
        raise Malformed
    return {"type": kind, **dict(zip(names, arguments, strict=False))}


def _exchange_status(_venue: Venue, _fields: Fields, now: int) -> object:
    return {"time": now, "specialStatuses": None}


_ANSWERS: Final[dict[str, _Answer]] = {
    "activeAssetData": people.active_asset_data,
    "allMids": market_data.all_mids,
    "allPerpMetas": market_data.all_perp_metas,
    "approvedBuilders": idle.nothing_of("user"),
    "clearinghouseState": people.clearinghouse_state,
    "exchangeStatus": _exchange_status,
    "extraAgents": people.extra_agents,
    "frontendOpenOrders": idle.nothing_of("user"),
    "fundingHistory": idle.nothing_of("coin"),
    "historicalOrders": idle.nothing_of("user"),
    "isVip": idle.constant_for_user(value=False),
    "l2Book": market_data.book,
    "legalCheck": idle.constant_for_user(
        {"acceptedTerms": True, "userAllowed": True, "restrictions": "n"}
    ),
    "liquidatable": idle.nothing,
    "marginTable": market_data.margin_table,
    "maxBuilderFee": idle.constant_for_user(0),
    "maxMarketOrderNtls": market_data.market_order_limits,
    "meta": market_data.meta,
    "metaAndAssetCtxs": market_data.meta_and_contexts,
    "openOrders": idle.nothing_of("user"),
    "perpCategories": idle.nothing,
    "perpConciseAnnotations": idle.nothing,
    "perpDexLimits": market_data.dex_limits,
    "perpDexStatus": market_data.dex_status,
    "perpDexs": market_data.perp_dexs,
    "perpsAtOpenInterestCap": idle.nothing,
    "preTransferCheck": people.transfer_check,
    "predictedFundings": market_data.predicted_fundings,
    "recentTrades": idle.nothing_of("coin"),
    "spotClearinghouseState": people.spot_state,
    "spotMeta": market_data.spot_meta,
    "spotMetaAndAssetCtxs": market_data.spot_meta_and_contexts,
    "subAccounts": people.sub_accounts,
    "subAccounts2": people.sub_accounts_by_dex,
    "twapHistory": idle.nothing_of("user"),
    "userAbstraction": people.abstraction,
    "userDexAbstraction": people.dex_abstraction,
    "userFees": idle.user_fees,
    "userFills": idle.nothing_of("user"),
    "userFillsByTime": idle.nothing_of("user"),
    "userFunding": idle.nothing_of("user"),
    "userNonFundingLedgerUpdates": idle.nothing_of("user"),
    "userRateLimit": people.user_rate_limit,
    "userRole": people.user_role,
    "userToMultiSigSigners": people.multi_sig_signers,
    "userTwapSliceFills": idle.nothing_of("user"),
    "userVaultEquities": idle.nothing_of("user"),
    "vaultDetails": people.vault_details,
    "webData2": people.web_data,
}

# The order of a request's arguments in the positional form.
_ORDER: Final[dict[str, tuple[str, ...]]] = {
    "activeAssetData": ("user", "coin"),
    "allMids": ("dex",),
    "clearinghouseState": ("user", "dex"),
    "extraAgents": ("user",),
    "l2Book": ("coin",),
    "marginTable": ("id", "dex"),
    "meta": ("dex",),
    "metaAndAssetCtxs": ("dex",),
    "openOrders": ("user", "dex"),
    "preTransferCheck": ("user", "source"),
    "spotClearinghouseState": ("user",),
    "subAccounts": ("user",),
    "userAbstraction": ("user",),
    "userFees": ("user",),
    "userRateLimit": ("user",),
    "userRole": ("user",),
    "userToMultiSigSigners": ("user",),
    "vaultDetails": ("vaultAddress", "user"),
    "webData2": ("user",),
}
