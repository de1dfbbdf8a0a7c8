// The rows that a person reads about one request or payload. Foreign text is escaped.
import { isNoop, sayAction } from './action.mjs'
import { checksummed } from './address.mjs'
import { assetClass, coinOf } from './market.mjs'
import { stamp } from './stamp.mjs'

/**
 * @param {string[]} attestors who of a policy vouches for its market
 * @returns {[string, string][]} label and text
 */
export function reviewRows(item, attestors = []) {
  const { action, network, nonce, expiresAfter, vaultAddress } = item
  const rows = [
    ['Network', network],
    ['Action', isNoop(action) ? 'noop: uses up the nonce and changes nothing' : sayAction(action)],
  ]
  if (!isNoop(action)) rows.push(['Market', sayMarket(item, attestors)])
  rows.push(['Nonce', stamp(nonce)])
  rows.push(['Expires', expiresAfter === null ? 'never: two days after its nonce it is too old' : stamp(expiresAfter)])
  if (vaultAddress !== null) rows.push(['Vault', checksummed(vaultAddress)])
  return [...rows, ...drafted(item)]
}

// Help from the drafter, and no more: nothing of it is signed.
function drafted({ current, account, note, position, kills }) {
  const rows = []
  if (account != null) rows.push(['Account (as drafted, not signed)', checksummed(account)])
  if (current != null) {
    const mode = current.isCross ? 'cross' : 'isolated'
    rows.push(['Now in force (as drafted, not signed)', `${current.leverage}x ${mode}`])
  }
  if (position != null) {
    const figures = Object.entries(position).filter(([, figure]) => figure !== null)
    rows.push(['Position (as drafted, not signed)', figures.map(([key, figure]) => `${key} ${figure}`).join('\n')])
  }
  if (kills != null) rows.push(['Kills (as drafted, not signed)', sayAction(kills.action)])
  if (note != null) rows.push(['Note (not signed)', printable(note)])
  return rows
}

function sayMarket({ network, action, market }, attestors) {
  const known = coinOf(network, action.asset)
  if (assetClass(action.asset) !== 'perpetual') return `asset ${action.asset} (no perpetual: it has no leverage)`
  const attested = attestors.length > 0 ? [`attested by ${attestors.join(', ')}`] : []
  if (known !== null) return `${known} = asset ${action.asset} (${["in coldlever's table", ...attested].join(', ')})`
  if (market != null) return `"${printable(market.coin)}" = asset ${action.asset} (${attested[0] ?? 'name unverified'})`
  return `asset ${action.asset} (name unknown)`
}

/** Everything but printable ASCII as its code point, such as `\u{202e}`; a backslash is doubled. */
export function printable(text) {
  return Array.from(text, (sign) => {
    if (sign === '\\') return '\\\\'
    if (sign >= ' ' && sign <= '~') return sign
    return `\\u{${sign.codePointAt(0).toString(16).padStart(4, '0')}}`
  }).join('')
}
