// One document: what it is, and what it says.
import { asApprovalsFile } from './approval.mjs'
import { asRequests } from './request.mjs'
import { asPayloads, looksSigned } from './signed.mjs'
import { parseJson } from './strict_json.mjs'

/**
 * @param {Uint8Array} bytes
 * @param options `network` and `signer`, null where the document has to say it
 * @returns `what` (`request`, `signed` or `approvals`), and `items` or `file`
 */
export function readDocument(bytes, options) {
  const value = parseJson(bytes)
  if (value instanceof Map && value.get('kind') === 'coldlever/approvals') {
    return { what: 'approvals', file: asApprovalsFile(value, '$') }
  }
  const isBatch = Array.isArray(value) || (value instanceof Map && value.get('kind') === 'coldlever/batch')
  if (looksSigned(isBatch && Array.isArray(value) ? value[0] : value)) {
    return { what: 'signed', isBatch, items: asPayloads(value, '$', options) }
  }
  return { what: 'request', isBatch, items: asRequests(value, '$', options.network) }
}
