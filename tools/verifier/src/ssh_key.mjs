// Public keys as OpenSSH writes them: the kinds that count, and whether one is sound.
import { ed25519 } from '@noble/curves/ed25519.js'
import { p256 } from '@noble/curves/nist.js'
import { sha256 } from '@noble/hashes/sha2.js'
import { ascii, bigEndian, join, sameBytes, toHex } from './bytes.mjs'
import { wrong } from './fields.mjs'
import { Refused } from './refused.mjs'

const LINE = /^(ssh-ed25519|sk-ssh-ed25519@openssh\.com|sk-ecdsa-sha2-nistp256@openssh\.com) ([A-Za-z0-9+/]+={0,2})(?: [^\r\n]*)?$/
const APPLICATION = 'ssh:'

/** SSH's way to write bytes of any length: their number first. */
export const sized = (bytes) => join(bigEndian(BigInt(bytes.length), 4), bytes)

/** A line of a `.pub` file. `isSecurityKey` says whether its signatures have flags and a counter. */
export function asPublicKey(value, path) {
  const match = typeof value === 'string' && value.length <= 1000 ? LINE.exec(value.replace(/^[ \n]+|[ \n]+$/g, '')) : null
  if (match === null) throw wrong(path, 'no public key of a kind that counts')
  const [, kind, text] = match
  const blob = fromBase64(text, path)
  const isSecurityKey = kind.startsWith('sk-')
  const isP256 = kind.includes('nistp256')
  const point = pointOf(blob, kind, { isSecurityKey, isP256 }, path)
  requireSound(point, isP256, path)
  const hash = sha256(blob)
  const fingerprint = `SHA256:${toBase64(hash).replace(/=+$/, '')}`
  return { isSecurityKey, isP256, point, fingerprint, keyId: toHex(hash.subarray(0, 8)) }
}

// The length of the point is fixed, so the whole blob follows from it: nothing else may stand there.
function pointOf(blob, kind, { isSecurityKey, isP256 }, path) {
  const before = join(sized(ascii(kind)), isP256 ? sized(ascii('nistp256')) : Uint8Array.of())
  const after = isSecurityKey ? sized(ascii(APPLICATION)) : Uint8Array.of()
  const size = isP256 ? 65 : 32
  const point = blob.subarray(before.length + 4, before.length + 4 + size)
  if (point.length !== size || !sameBytes(blob, join(before, sized(point), after))) {
    throw weak(path, 'of another form, curve or application')
  }
  return point
}

function requireSound(bytes, isP256, path) {
  try {
    if (isP256) {
      if (bytes[0] !== 4) throw new Error('compressed')
      p256.Point.fromBytes(bytes).assertValidity()
      return
    }
    const point = ed25519.Point.fromBytes(bytes)
    if (point.isSmallOrder() || !point.isTorsionFree()) throw new Error('small or mixed order')
    if (!sameBytes(point.toBytes(), bytes)) throw new Error('another spelling')
  } catch {
    throw weak(path, 'no point that counts')
  }
}

function weak(path, message) {
  return new Refused('weak-key', path, message)
}

function fromBase64(text, path) {
  try {
    const bytes = Uint8Array.from(atob(text), (sign) => sign.charCodeAt(0))
    if (toBase64(bytes) === text) return bytes
  } catch {
    // The same refusal: it is no base64 at all.
  }
  throw wrong(path, 'no canonical base64')
}

function toBase64(bytes) {
  return btoa(String.fromCharCode(...bytes))
}
