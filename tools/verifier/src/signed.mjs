// Signed payloads, in an envelope with its claims or bare as they are posted. Reading one proves it.
import { isNoop } from './action.mjs'
import { asAddress } from './address.mjs'
import { asApprovals } from './approval.mjs'
import { toHex } from './bytes.mjs'
import { actionHash, digestOf, recover } from './digest.mjs'
import { asArray, asChoice, asInteger, asMatch, asNetwork, asObject, wrong } from './fields.mjs'
import { Refused } from './refused.mjs'
import { agreed, requireAccountFits } from './request.mjs'
import { signableOf } from './signable.mjs'

const KIND = 'coldlever/signed'
const ENVELOPE = ['kind', 'version', 'network', 'signer', 'actionHash', 'payload', 'approvals']

export const looksSigned = (value) =>
  value instanceof Map && (value.get('kind') === KIND || value.has('signature'))

/**
 * @param options `network` and `signer`, null where nothing is known of them
 * @returns {object[]} the payloads in order, each with its `path` and the `signer` it recovers to
 */
export function asPayloads(value, path, options) {
  const read = (each, at) => asPayload(each, at, options)
  return Array.isArray(value) ? asArray(value, path, read, 1) : [read(value, path)]
}

function asPayload(value, path, options) {
  if (value instanceof Map && value.has('kind')) return asEnvelope(value, path, options)
  const body = asBody(value, path, agreed(null, options.network, path))
  requireClaim('signer', options.signer, body.signer, path)
  return { ...body, account: null, approvals: [], isClaimed: false }
}

function asEnvelope(value, path, options) {
  const fields = asObject(value, path, ENVELOPE, ['account'])
  fields.get('kind', asChoice, [KIND])
  fields.get('version', asInteger, 1n, 1n)
  const network = agreed(fields.get('network', asNetwork), options.network, path)
  const body = fields.get('payload', asBody, network)
  const hash = fields.get('actionHash', asMatch, /^0x[0-9a-f]{64}$/, '32 bytes in lower case')
  requireClaim('actionHash', hash, toHex(actionHash(body)), path)
  requireClaim('signer', fields.get('signer', asAddress), body.signer, path)
  requireClaim('signer', options.signer, body.signer, path)
  const payload = {
    ...body,
    path,
    account: fields.get('account', asAddress),
    approvals: fields.get('approvals', asApprovals),
    isClaimed: true,
  }
  requireEnvelope(payload, path)
  return payload
}

function requireEnvelope(payload, path) {
  if (isNoop(payload.action) && (payload.account !== null || payload.approvals.length > 0)) {
    throw wrong(path, 'a noop has neither an account nor approvals')
  }
  requireAccountFits(payload, path)
}

function asBody(value, path, network) {
  const fields = asObject(value, path, ['action', 'nonce', 'signature'], ['vaultAddress', 'expiresAfter'])
  const signable = signableOf(fields, network, path)
  const signature = fields.get('signature', asSignature)
  const signer = recover(digestOf(signable), signature, `${path}.signature`)
  return { path, ...signable, signer }
}

function asSignature(value, path) {
  const fields = asObject(value, path, ['r', 's', 'v'])
  const scalar = (each, at) => BigInt(asMatch(each, at, /^0x[0-9a-f]{1,64}$/, '1 to 64 digits'))
  return { r: fields.get('r', scalar), s: fields.get('s', scalar), v: fields.get('v', asInteger, 27n, 28n) }
}

function requireClaim(what, claimed, computed, path) {
  if (claimed !== null && claimed !== computed) {
    throw new Refused(`${what.toLowerCase()}-mismatch`, path, `${what} is ${computed}, not ${claimed}`)
  }
}
