// What must not be overlooked about a request or payload: the codes of docs/formats.md, in order.
import { isNoop } from './action.mjs'
import { checksummed } from './address.mjs'
import { assetClass, coinOf } from './market.mjs'
import { TWO_DAYS } from './signable.mjs'
import { stamp } from './stamp.mjs'

const DAY = 86_400_000n
// From the signature to the post somebody has to carry a file.
const MARGIN = 30_000n
const DIGITS = 30

/**
 * @param item a request, or a payload
 * @param {string[]} attestors who of a policy vouches for its market
 * @returns {{code: string, text: string}[]}
 */
export function warningsOf(item, attestors) {
  return [...ofAction(item), ...ofSetting(item), ...ofExpiry(item), ...ofName(item, attestors),
    ...ofMarket(item), ...ofPosition(item)]
}

/** What the time rules say of a request; `now` in ms, or null without a clock. */
export function timeWarnings({ nonce, expiresAfter }, now) {
  if (now === null) return [warning('time-unchecked', 'without a clock nonce and expiry were not held against the time')]
  const found = []
  if (nonce <= now - TWO_DAYS || nonce >= now + DAY) {
    found.push(warning('nonce-window', 'the exchange takes no such nonce now: it lies too far from the present'))
  }
  if (expiresAfter !== null && expiresAfter <= now + MARGIN) {
    found.push(warning('expired', expiresAfter <= now ? 'it has expired' : 'it expires too soon'))
  }
  return found
}

export const warning = (code, text) => ({ code, text })

function* ofAction({ action, vaultAddress }) {
  if (vaultAddress !== null) yield warning('vault', `it acts on the vault or sub-account ${checksummed(vaultAddress)}`)
  if (action.type === 'updateIsolatedMargin' && action.ntli < 0n) {
    yield warning('removes-margin', 'it takes margin away: liquidation comes closer')
  }
}

function* ofSetting({ action, current, market }) {
  if (action.type !== 'updateLeverage') return
  if (current == null) {
    yield warning('current-unknown', 'what is in force is not known: it may raise leverage or switch the margin mode')
  } else {
    if (action.leverage > current.leverage) {
      yield warning('raises-leverage', `it RAISES leverage from ${current.leverage}x to ${action.leverage}x`)
    }
    if (action.isCross !== current.isCross) {
      yield warning('switches-mode', `it switches to ${action.isCross ? 'cross' : 'isolated'} margin`)
    }
    if (market != null && current.leverage > market.maxLeverage) {
      yield warning('current-above-maximum', `what is said to be in force is above the market's maximum of ${market.maxLeverage}x`)
    }
    yield warning('current-as-drafted', "what is in force is the drafter's word alone")
  }
  if (market != null && action.leverage === market.maxLeverage) {
    yield warning('maximum-leverage', `${action.leverage}x is this market's maximum`)
  }
}

function* ofExpiry({ action, nonce, expiresAfter }) {
  if (isNoop(action)) return
  if (expiresAfter === null) {
    yield warning('no-expiry', `once signed it can be posted until ${stamp(nonce + TWO_DAYS)}`)
  } else if (expiresAfter - nonce > DAY) {
    yield warning('long-validity', 'it stays valid for more than a day after its nonce')
  }
}

function* ofName({ network, action, market }, attestors) {
  if (isNoop(action)) return
  const { asset } = action
  if (assetClass(asset) !== 'perpetual') {
    yield warning('asset-class', `asset ${asset} is no perpetual, and has no leverage`)
  } else if (coinOf(network, asset) === null && market == null) {
    yield warning('market-unknown', `nothing says which market asset ${asset} is`)
  } else if (coinOf(network, asset) === null && attestors.length === 0) {
    yield warning('market-unverified', `nobody vouches for the name of asset ${asset}`)
  }
}

function* ofMarket({ action, market }) {
  if (isNoop(action) || market == null) return
  const say = (text) => warning('venue-would-refuse', `${text} (says the market entry)`)
  if (market.delisted) yield say('the market is delisted')
  if (action.type !== 'updateLeverage') return
  if (action.leverage > market.maxLeverage) yield say(`its maximum is ${market.maxLeverage}x`)
  if (action.isCross && market.marginMode !== 'normal') yield say('it allows no cross margin')
}

function* ofPosition({ position }) {
  if (position?.liquidationBefore == null || position.liquidationAfter == null) return
  const rise = scaled(position.liquidationAfter) - scaled(position.liquidationBefore)
  const isNearer = scaled(position.size) < 0n ? rise < 0n : rise > 0n
  if (isNearer) {
    yield warning('liquidation-nearer', `the liquidation price comes nearer: from ${position.liquidationBefore} to ${position.liquidationAfter}`)
  }
}

// The amount times 10^30, exactly.
function scaled(text) {
  const [whole, behind = ''] = text.split('.')
  return BigInt(whole + behind.padEnd(DIGITS, '0'))
}
