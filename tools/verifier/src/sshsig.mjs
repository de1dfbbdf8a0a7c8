// Whether a key has signed a message, by the rules of SSHSIG version 1 with sha512 and stricter ones.
import { ed25519 } from '@noble/curves/ed25519.js'
import { p256 } from '@noble/curves/nist.js'
import { sha256, sha512 } from '@noble/hashes/sha2.js'
import { ascii, join, sameBytes } from './bytes.mjs'
import { sized } from './ssh_key.mjs'

const TOUCH = 0x01
const PIN = 0x04
const NUMBERS = 64

/**
 * Why a signature does not count, or null.
 *
 * @param {Uint8Array} signature 64 bytes, or 69 of a security key: flags and counter behind
 */
export function objection(key, namespace, message, signature, needsPin) {
  const numbers = signature.subarray(0, NUMBERS)
  const seen = signature.subarray(NUMBERS)
  if (key.isSecurityKey !== (seen.length === 5)) return 'it is not of the form that the key makes'
  const text = join(
    ascii('SSHSIG'), sized(ascii(namespace)), sized(ascii('')), sized(ascii('sha512')), sized(sha512(message)),
  )
  if (!key.isSecurityKey) return verified(key, text, numbers)
  const flags = seen[0]
  if ((flags & ~(TOUCH | PIN)) !== 0) return 'unknown flags of the security key'
  if ((flags & TOUCH) === 0) return 'the security key was not touched'
  if (needsPin && (flags & PIN) === 0) return 'the security key asked for no PIN'
  return verified(key, join(sha256(ascii('ssh:')), seen, sha256(text)), numbers)
}

function verified(key, text, numbers) {
  const isGood = key.isP256 ? isP256Good(key.point, text, numbers) : isEd25519Good(key.point, text, numbers)
  return isGood ? null : "it is not the key's signature over this statement"
}

function isP256Good(point, text, numbers) {
  try {
    return p256.verify(numbers, text, point, { prehash: true, lowS: false, format: 'compact' })
  } catch {
    return false
  }
}

// R is computed and compared as bytes (RFC 8032 without the cofactor): libraries differ in what else
// they take.
function isEd25519Good(point, text, numbers) {
  const order = ed25519.Point.Fn.ORDER
  const s = littleEndian(numbers.subarray(32))
  if (s >= order) return false
  const r = numbers.subarray(0, 32)
  const k = littleEndian(sha512(join(r, point, text))) % order
  const key = ed25519.Point.fromBytes(point)
  const computed = ed25519.Point.BASE.multiplyUnsafe(s).subtract(key.multiplyUnsafe(k))
  return sameBytes(computed.toBytes(), r)
}

function littleEndian(bytes) {
  return bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
}
