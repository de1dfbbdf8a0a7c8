// What one person says, as it stands in a document; statement.mjs has the text that was signed.
import { asArray, asChoice, asHex, asInteger, asMatch, asNetwork, asObject, asU32, MAX_TIME, MAX_U32, wrong } from './fields.mjs'

const MOST = 100
const OPTIONAL = ['round', 'notAfter', 'policy', 'requests', 'list']
const NULLABLE = ['notAfter', 'policy', 'requests', 'list']

export const asApprovals = (value, path) => asArray(value, path, asApproval, 0, MOST)

/** A file of approvals of its own. */
export function asApprovalsFile(value, path) {
  const fields = asObject(value, path, ['kind', 'version', 'network', 'subject', 'approvals'])
  fields.get('kind', asChoice, ['coldlever/approvals'])
  fields.get('version', asInteger, 1n, 1n)
  return {
    network: fields.get('network', asNetwork),
    subject: fields.get('subject', asHex, 32),
    approvals: fields.get('approvals', (each, place) => asArray(each, place, asApproval, 1, MOST)),
  }
}

function asApproval(value, path) {
  const fields = asObject(value, path, ['decision', 'keyId', 'signature'], OPTIONAL, NULLABLE)
  const approval = {
    decision: fields.get('decision', asChoice, ['approve', 'reject', 'propose']),
    keyId: fields.get('keyId', asHex, 8),
    signature: fields.get('signature', asHex, 64, 69),
    round: fields.get('round', asInteger, 1n, 99n) ?? 1n,
    notAfter: fields.get('notAfter', asInteger, 1n, MAX_TIME),
    policy: fields.get('policy', asPolicyReference),
    requests: fields.get('requests', asInteger, 1n, MAX_U32),
    list: fields.get('list', (lines, place) => asArray(lines, place, asLine)),
  }
  if (approval.list !== null) requireWhole(approval, path)
  return approval
}

function requireWhole({ list, requests, notAfter }, path) {
  if (requests === null || BigInt(list.length) !== requests) {
    throw wrong(`${path}.list`, 'not as many lines as requests')
  }
  if (notAfter === null) throw wrong(`${path}.list`, 'a list needs notAfter')
}

export function asPolicyReference(value, path) {
  const fields = asObject(value, path, ['version', 'digest'])
  const version = fields.get('version', asU32)
  if (version === 0n) throw wrong(path, 'versions count from 1')
  return { version, digest: fields.get('digest', asHex, 32) }
}

const asLine = (value, path) => asMatch(value, path, /^[ -~]{0,300}$/, 'a line of plain ASCII')
