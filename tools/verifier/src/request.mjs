// Unsigned requests: one, an array of them, or a batch that carries its market entries once.
import { asAction, isNoop } from './action.mjs'
import { asAddress } from './address.mjs'
import { asApprovals } from './approval.mjs'
import { proofBeside } from './attestation.mjs'
import { asArray, asBoolean, asInteger, asMultiple, asNetwork, asObject, asText, MAX_TIME, wrong } from './fields.mjs'
import { asMarketEntry, requireFits, sameEntry } from './market.mjs'
import { asPosition } from './position.mjs'
import { Refused } from './refused.mjs'
import { asExpiry, signableOf } from './signable.mjs'

const OPTIONAL = [
  'network', 'expiresAfter', 'vaultAddress', 'signer', 'market', 'current', 'note', 'account',
  'position', 'approvals', 'kills', 'marketProof',
]
const NULLABLE = OPTIONAL.filter((key) => key !== 'network' && key !== 'approvals')
const VALIDITY = 3_600_000n
const NOT_FOR_NOOP = ['market', 'current', 'account', 'position']

/**
 * @param options `network`, and `now` (ms) for bare actions; null for what is not known
 * @returns {object[]} the requests in order, each with its `path`
 */
export function asRequests(value, path, options) {
  if (Array.isArray(value)) return asArray(value, path, inOrder(options), 1)
  if (value instanceof Map && value.get('kind') === 'coldlever/batch') return asBatch(value, path, options)
  return [asRequest(value, path, options)]
}

// No two bare actions of a batch get the same nonce.
function inOrder(options) {
  let offset = 0n
  return (each, at) => {
    const now = options.now === null ? null : options.now + offset
    offset += 1n
    return asRequest(each, at, { ...options, now })
  }
}

function asBatch(value, path, options) {
  const fields = asObject(value, path, ['kind', 'version', 'markets', 'requests'])
  fields.get('version', asInteger, 1n, 1n)
  const markets = new Map()
  for (const entry of fields.get('markets', (each, at) => asArray(each, at, asMarketEntry))) {
    if (markets.has(entry.asset)) throw wrong(`${path}.markets`, `asset ${entry.asset} twice`)
    markets.set(entry.asset, entry)
  }
  const next = inOrder(options)
  const read = (each, at) => withEntry(next(each, at), markets)
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

function asRequest(value, path, options) {
  if (value instanceof Map && value.has('type') && !value.has('action')) return asBareAction(value, path, options)
  const fields = asObject(value, path, ['action', 'nonce'], OPTIONAL, NULLABLE)
  const network = agreed(fields.get('network', asNetwork), options.network, path)
  const request = { path, ...signableOf(fields, network, path), ...besides(fields) }
  require(request, fields, path)
  return request
}

// Its nonce and its expiry are the clock's: whoever reads it a moment later has other hashes.
function asBareAction(value, path, { network, now }) {
  const action = asAction(value, path)
  if (isNoop(action)) throw new Refused('not-for-noop', path, 'a bare noop names no nonce')
  agreed(null, network, path)
  if (now === null) throw new Refused('clock-missing', path, 'a bare action takes its nonce from a clock')
  const expiresAfter = now + VALIDITY
  if (now < 0n || expiresAfter > MAX_TIME) throw new Refused('bad-time', path, 'the clock is out of range')
  const signed = { network, action, nonce: now, expiresAfter, vaultAddress: null }
  return { path, ...signed, ...besides(asObject(new Map(), path, [])), kills: null, marketProof: null, isBare: true }
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
  request.marketProof = proofBeside(fields, path)
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
