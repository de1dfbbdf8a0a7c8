// Unsigned requests: one, an array of them, or a batch that carries its market entries once.
import { asAction, isNoop } from './action.mjs'
import { asAddress } from './address.mjs'
import { asApprovals } from './approval.mjs'
import { asArray, asBoolean, asInteger, asMultiple, asNetwork, asObject, asText, wrong } from './fields.mjs'
import { asMarketEntry, requireFits, sameEntry } from './market.mjs'
import { asPosition } from './position.mjs'
import { Refused } from './refused.mjs'
import { asExpiry, signableOf } from './signable.mjs'

const OPTIONAL = [
  'network', 'expiresAfter', 'vaultAddress', 'signer', 'market', 'current', 'note', 'account',
  'position', 'approvals', 'kills',
]
const NULLABLE = OPTIONAL.filter((key) => key !== 'network' && key !== 'approvals')
const NOT_FOR_NOOP = ['market', 'current', 'account', 'position']

/** @returns {object[]} the requests in order, each with its `path` */
export function asRequests(value, path, network) {
  if (Array.isArray(value)) return asArray(value, path, (each, at) => asRequest(each, at, network), 1)
  if (value instanceof Map && value.get('kind') === 'coldlever/batch') return asBatch(value, path, network)
  return [asRequest(value, path, network)]
}

function asBatch(value, path, network) {
  const fields = asObject(value, path, ['kind', 'version', 'markets', 'requests'])
  fields.get('version', asInteger, 1n, 1n)
  const markets = new Map()
  for (const entry of fields.get('markets', (each, at) => asArray(each, at, asMarketEntry))) {
    if (markets.has(entry.asset)) throw wrong(`${path}.markets`, `asset ${entry.asset} twice`)
    markets.set(entry.asset, entry)
  }
  const read = (each, at) => withEntry(asRequest(each, at, network), markets)
  return fields.get('requests', (each, at) => asArray(each, at, read, 1))
}

function withEntry(request, markets) {
  const entry = markets.get(request.action.asset)
  if (entry === undefined) return request
  if (request.market !== null && !sameEntry(request.market, entry)) {
    throw new Refused('market-mismatch', request.path, "another entry than the batch's")
  }
  requireFits(entry, request, request.path)
  return { ...request, market: entry }
}

function asRequest(value, path, option) {
  if (value instanceof Map && value.has('type') && !value.has('action')) {
    asAction(value, path)
    throw new Refused('nonce-missing', path, 'a bare action has no nonce, so there is nothing to compare yet')
  }
  const fields = asObject(value, path, ['action', 'nonce'], OPTIONAL, NULLABLE)
  const network = agreed(fields.get('network', asNetwork), option, path)
  const request = { path, ...signableOf(fields, network, path), ...besides(fields) }
  require(request, fields, path)
  return request
}

// What is not signed.
function besides(fields) {
  return {
    signer: fields.get('signer', asAddress),
    market: fields.get('market', asMarketEntry),
    current: fields.get('current', asSetting),
    note: fields.get('note', asText, 500),
    account: fields.get('account', asAddress),
    position: fields.get('position', asPosition),
    approvals: fields.get('approvals', asApprovals) ?? [],
  }
}

function require(request, fields, path) {
  if (isNoop(request.action)) {
    const extra = NOT_FOR_NOOP.find((key) => request[key] !== null)
    if (extra !== undefined || request.approvals.length > 0) {
      throw new Refused('not-for-noop', path, `a noop has no ${extra ?? 'approvals'}`)
    }
  } else if (fields.has('kills')) throw wrong(path, 'only a noop kills')
  request.kills = fields.get('kills', asKilled, request.nonce)
  if (request.market !== null) requireFits(request.market, request, `${path}.market`)
  requireAccountFits(request, path)
}

/** With a vault no other account is taken. */
export function requireAccountFits({ account, vaultAddress }, path) {
  if (account !== null && vaultAddress !== null && account !== vaultAddress) {
    throw wrong(`${path}.account`, 'another account than the vault')
  }
}

export function agreed(named, option, path) {
  if (named === null && option === null) throw new Refused('network-missing', path, 'no network')
  if (named !== null && option !== null && named !== option) {
    throw new Refused('network-mismatch', path, `${named}, not ${option}`)
  }
  return named ?? option
}

function asSetting(value, path) {
  const fields = asObject(value, path, ['isCross', 'leverage'])
  return { isCross: fields.get('isCross', asBoolean), leverage: fields.get('leverage', asMultiple) }
}

function asKilled(value, path, nonce) {
  const fields = asObject(value, path, ['action'], ['expiresAfter', 'vaultAddress'])
  const killed = {
    action: fields.get('action', asAction),
    expiresAfter: fields.get('expiresAfter', asExpiry, nonce),
    vaultAddress: fields.get('vaultAddress', asAddress),
  }
  if (isNoop(killed.action)) throw wrong(path, 'a noop needs no revocation')
  return killed
}
