// The part of a request or payload that is signed.
import { asAction, isNoop } from './action.mjs'
import { asAddress } from './address.mjs'
import { asInteger, asTime, MAX_TIME, wrong } from './fields.mjs'

export const TWO_DAYS = 172_800_000n

/** Read the signed members of an object whose keys were checked. */
export function signableOf(fields, network, path) {
  const action = fields.get('action', asAction)
  const nonce = fields.get('nonce', asTime)
  const expiresAfter = fields.get('expiresAfter', asExpiry, nonce)
  const vaultAddress = fields.get('vaultAddress', asAddress)
  if (isNoop(action) && (expiresAfter !== null || vaultAddress !== null)) {
    throw wrong(path, 'a noop has neither an expiry nor a vault')
  }
  return { network, action, nonce, expiresAfter, vaultAddress }
}

export function asExpiry(value, path, nonce) {
  const last = nonce + TWO_DAYS > MAX_TIME ? nonce + TWO_DAYS : MAX_TIME
  return asInteger(value, path, 0n, last)
}

/** Until when it can be posted: its expiry, or two days after its nonce, whichever is earlier. */
export function endOf({ nonce, expiresAfter }) {
  const last = nonce + TWO_DAYS
  return expiresAfter === null || expiresAfter > last ? last : expiresAfter
}
