// Addresses: 20 bytes as `0x` and 40 digits, in mixed case with the checksum of EIP-55.
import { keccak_256 } from '@noble/hashes/sha3.js'
import { ascii, fromHex, toHex } from './bytes.mjs'
import { wrong } from './fields.mjs'

/** @returns {string} in lower case, by which addresses are compared */
export function asAddress(value, path) {
  if (typeof value !== 'string' || !/^0x[0-9a-fA-F]{40}$/.test(value)) {
    throw wrong(path, 'no address')
  }
  const digits = value.slice(2)
  const isPlain = digits === digits.toLowerCase() || digits === digits.toUpperCase()
  if (!isPlain && checksummed(value) !== value) throw wrong(path, 'a wrong checksum (EIP-55)')
  return value.toLowerCase()
}

export function checksummed(address) {
  const digits = address.slice(2).toLowerCase()
  const hash = toHex(keccak_256(ascii(digits))).slice(2)
  const cased = [...digits].map((digit, index) => (hash[index] >= '8' ? digit.toUpperCase() : digit))
  return `0x${cased.join('')}`
}

export function addressBytes(address) {
  return fromHex(address.slice(2))
}
