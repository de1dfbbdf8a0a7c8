// What an asset id means: market entries, and the names that coldlever knows by itself.
import { COINS } from './coins.mjs'
import { asBoolean, asChoice, asMultiple, asNetwork, asObject, asText, asTime, asU32 } from './fields.mjs'
import { Refused } from './refused.mjs'

const FIRST_SPOT = 10_000n
const FIRST_BUILDER = 100_000n
const FIRST_OUTCOME = 100_000_000n
// A dex and a name behind the first colon, neither of them empty.
const OF_DEX = /^[^:]+:./s
const MODES = ['normal', 'noCross', 'strictIsolated']
const KEYS = ['network', 'asset', 'coin', 'maxLeverage', 'marginMode', 'delisted', 'time']

export function asMarketEntry(value, path) {
  const fields = asObject(value, path, KEYS)
  return {
    network: fields.get('network', asNetwork),
    asset: fields.get('asset', asU32),
    coin: fields.get('coin', asText, 64),
    maxLeverage: fields.get('maxLeverage', asMultiple),
    marginMode: fields.get('marginMode', asChoice, MODES),
    delisted: fields.get('delisted', asBoolean),
    time: fields.get('time', asTime),
  }
}

export const sameEntry = (one, other) => Object.keys(one).every((key) => one[key] === other[key])

/** The name in coldlever's own table, or null. */
export const coinOf = (network, asset) => COINS[network][asset] ?? null

/** Refuse an entry that speaks of another market than the action's, or misnames it. */
export function requireFits(entry, { network, action }, path) {
  if (entry.network !== network || entry.asset !== action.asset) {
    throw mismatch(path, "another asset or network than the action's")
  }
  if (assetClass(entry.asset) !== 'perpetual') {
    throw new Refused('asset-class', path, 'the id of a spot pair or an outcome market')
  }
  const known = coinOf(network, entry.asset)
  if (known !== null && known !== entry.coin) throw mismatch(path, `this asset is ${known}`)
  const isFitting = entry.asset >= FIRST_BUILDER ? OF_DEX.test(entry.coin) : !entry.coin.includes(':')
  if (!isFitting) throw mismatch(path, 'the dex in front of the name does not fit the id')
}

/** `perpetual`, `spot` or `outcome`: only the first has leverage. */
export function assetClass(asset) {
  if (asset >= FIRST_OUTCOME) return 'outcome'
  return asset >= FIRST_SPOT && asset < FIRST_BUILDER ? 'spot' : 'perpetual'
}

function mismatch(path, message) {
  return new Refused('market-mismatch', path, message)
}
