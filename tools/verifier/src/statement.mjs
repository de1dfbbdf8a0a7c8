// The text that a person signs, rebuilt from the request's own bytes; and what is put before people.
import { sha256 } from '@noble/hashes/sha2.js'
import { sayAction } from './action.mjs'
import { checksummed } from './address.mjs'
import { ascii, join, toHex } from './bytes.mjs'
import { digestOf } from './digest.mjs'
import { endOf } from './signable.mjs'
import { stamp } from './stamp.mjs'

/** Until when a case can be acted on: the latest end of its requests, each of which has its own. */
export function endOfCase({ items }) {
  return items.map(endOf).reduce((one, other) => (one > other ? one : other))
}

/** 32 bytes that name a case, in hexadecimal. */
export function subjectOf({ items, isBatch }) {
  const digests = items.map(digestOf)
  return toHex(isBatch ? sha256(join(...digests)) : digests[0])
}

/** One line a request, without its number. */
export function linesOf({ items }) {
  return items.map((item) =>
    `${sayAction(item.action)}; nonce ${item.nonce}; expires ${sayExpiry(item)}; digest ${toHex(digestOf(item))}`)
}

/**
 * @param aCase `items`, and `isBatch`; all have one network, signer, vault and account
 * @param approval as it stands in a document
 * @param policy its `version` and `digest`
 */
export function statementOf(aCase, approval, policy, fingerprint) {
  const [head] = aCase.items
  const isBatch = approval.requests !== null
  const title = approval.decision === 'propose' ? 'coldlever proposal: 1' : 'coldlever approval: 1'
  const round = approval.round === 1n ? '' : `, round ${approval.round}`
  const lines = [
    title,
    `decision: ${approval.decision}${round}`,
    `network: ${head.network}`,
    `signer: ${checksummed(head.signer)}`,
    `account: ${sayAccount(head)}`,
    ...(isBatch ? numbered(approval.list ?? linesOf(aCase)) : single(head)),
    `policy: ${policy.version} sha256:${policy.digest.slice(2)}`,
    `approver: ${fingerprint}`,
    `not after: ${stamp(approval.notAfter ?? endOfCase(aCase))}`,
  ]
  return ascii(lines.map((line) => `${line}\n`).join(''))
}

function numbered(lines) {
  return [`requests: ${lines.length}`, ...lines.map((line, index) => `${index + 1}: ${line}`)]
}

function single(item) {
  return [
    `action: ${sayAction(item.action)}`,
    `nonce: ${stamp(item.nonce)}`,
    `expires: ${sayExpiry(item)}`,
    `digest: ${toHex(digestOf(item))}`,
  ]
}

const sayExpiry = ({ expiresAfter }) => (expiresAfter === null ? 'never' : stamp(expiresAfter))

function sayAccount({ vaultAddress, account }) {
  if (vaultAddress !== null) return `${checksummed(vaultAddress)} (vault)`
  return account === null ? "the signer's own" : `${checksummed(account)} (as drafted)`
}
