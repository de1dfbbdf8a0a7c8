// The actions: how they are read, packed for the hash, and said in a statement.
import { ascii, bigEndian, join } from './bytes.mjs'
import { asBoolean, asChoice, asInteger, asMatch, asMultiple, asObject, asU32, MAX_TIME, wrong } from './fields.mjs'

const DECIMAL = /^(?!0$)(?:0|[1-9][0-9]{0,9})(?:\.[0-9]{0,7}[1-9])?$/
const MICRO = 1_000_000n

// The keys in hash order, each with its reader; ntli is never 0.
const KEYS = {
  updateLeverage: { asset: asU32, isCross: asBoolean, leverage: asMultiple },
  updateIsolatedMargin: { asset: asU32, isBuy: asBoolean, ntli: asMicroUsd },
  topUpIsolatedOnlyMargin: { asset: asU32, leverage: asDecimal },
  noop: {},
}

export const isNoop = (action) => action.type === 'noop'

/** @returns {object} its members in hash order, `type` first; integers are BigInts */
export function asAction(value, path) {
  if (!(value instanceof Map)) throw wrong(path, 'no object')
  const type = asChoice(value.get('type'), `${path}.type`, Object.keys(KEYS))
  const keys = KEYS[type]
  const fields = asObject(value, path, ['type', ...Object.keys(keys)])
  const action = { type }
  for (const [key, read] of Object.entries(keys)) action[key] = fields.get(key, read)
  return action
}

function asMicroUsd(value, path) {
  const amount = asInteger(value, path, -MAX_TIME, MAX_TIME)
  if (amount === 0n) throw wrong(path, 'nothing to add or remove')
  return amount
}

function asDecimal(value, path) {
  return asMatch(value, path, DECIMAL, 'a decimal above 0 in its shortest form')
}

/** MessagePack of an action, each value in its shortest form. */
export function packAction(action) {
  const members = Object.entries(action)
  const parts = members.flatMap(([key, value]) => [packText(key), packValue(value)])
  return join(Uint8Array.of(0x80 | members.length), ...parts)
}

function packValue(value) {
  if (typeof value === 'boolean') return Uint8Array.of(value ? 0xc3 : 0xc2)
  if (typeof value === 'bigint') return packInteger(value)
  return packText(value)
}

// No key or text of an action is longer than 31 bytes.
function packText(text) {
  const bytes = ascii(text)
  return join(Uint8Array.of(0xa0 | bytes.length), bytes)
}

function packInteger(value) {
  if (value >= 0n && value < 128n) return bigEndian(value, 1)
  if (value < 0n && value >= -32n) return bigEndian(value + 256n, 1)
  const size = value >= 0n
    ? [1, 2, 4, 8].find((bytes) => value < 2n ** BigInt(8 * bytes))
    : [1, 2, 4, 8].find((bytes) => value >= -(2n ** BigInt(8 * bytes - 1)))
  const head = (value >= 0n ? 0xcc : 0xd0) + Math.log2(size)
  return join(Uint8Array.of(head), bigEndian(BigInt.asUintN(8 * size, value), size))
}

/** What a statement says of it. */
export function sayAction(action) {
  const start = `${action.type} asset ${action.asset}`
  if (action.type === 'updateLeverage') {
    return `${start} to ${action.leverage}x ${action.isCross ? 'cross' : 'isolated'}`
  }
  if (action.type === 'updateIsolatedMargin') {
    const verb = action.ntli > 0n ? 'add' : 'remove'
    return `${start} ${verb} ${sayUsd(action.ntli)} USD (${action.isBuy ? 'long' : 'short'})`
  }
  return isNoop(action) ? 'noop' : `${start} to ${action.leverage}x`
}

// At least two digits behind the point, and as many as it takes.
function sayUsd(micro) {
  const amount = micro < 0n ? -micro : micro
  const behind = (amount % MICRO).toString().padStart(6, '0').replace(/0{1,4}$/, '')
  return `${amount / MICRO}.${behind}`
}
