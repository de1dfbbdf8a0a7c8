// Bytes and hexadecimal text, integers as big-endian bytes.

const ASCII = new TextEncoder()

export function ascii(text) {
  return ASCII.encode(text)
}

export function join(...parts) {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** @param {string} digits lower or upper case, without `0x` */
export function fromHex(digits) {
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16))
}

export function toHex(bytes) {
  return `0x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')}`
}

/** A whole number from 0 on in as many bytes as asked. */
export function bigEndian(number, length) {
  return fromHex(number.toString(16).padStart(2 * length, '0'))
}

export function sameBytes(one, other) {
  return one.length === other.length && one.every((byte, index) => byte === other[index])
}
