// One document: what it is, and what it says.
import { asApprovalsFile } from './approval.mjs'
import { asTable } from './attestation.mjs'
import { asPolicyChange } from './policy_change.mjs'
import { asRequests } from './request.mjs'
import { asPayloads, looksSigned } from './signed.mjs'
import { parseJson } from './strict_json.mjs'

const OTHERS = {
  'coldlever/approvals': ['approvals', asApprovalsFile],
  'coldlever/market': ['market', asTable],
  'coldlever/policy-change': ['change', asPolicyChange],
}

/**
 * @param {Uint8Array} bytes
 * @param options `network` and `signer`, null where the document has to say it; `now` for bare actions
 * @returns `what` (`request`, `signed`, `approvals`, `market` or `change`), and `items` or `file`
 */
export function readDocument(bytes, options) {
  const value = parseJson(bytes)
  const [what, read] = (value instanceof Map && OTHERS[value.get('kind')]) || []
  if (what !== undefined) return { what, file: read(value, '$') }
  const isBatch = Array.isArray(value) || (value instanceof Map && value.get('kind') === 'coldlever/batch')
  if (looksSigned(isBatch && Array.isArray(value) ? value[0] : value)) {
    return { what: 'signed', isBatch, items: asPayloads(value, '$', options) }
  }
  return { what: 'request', isBatch, items: asRequests(value, '$', { network: options.network, now: options.now ?? null }) }
}
