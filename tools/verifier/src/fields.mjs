// What a member of a document may be: each reader takes a value and its path, or refuses.
import { Refused } from './refused.mjs'

export const MAX_U32 = 2n ** 32n - 1n
export const MAX_TIME = 2n ** 53n - 1n

/** An object with just these keys; null stands for an optional one that is left out. */
export function asObject(value, path, required, optional = [], nullable = optional) {
  if (!(value instanceof Map)) throw wrong(path, 'no object')
  for (const key of value.keys()) {
    if (!required.includes(key) && !optional.includes(key)) {
      throw new Refused('unknown-field', path, `unknown key ${JSON.stringify(key)}`)
    }
  }
  for (const key of required) {
    if (!value.has(key)) throw new Refused('missing-field', path, `no ${key}`)
  }
  const isAbsent = (key) => !value.has(key) || (nullable.includes(key) && value.get(key) === null)
  return {
    has: (key) => !isAbsent(key),
    /** The member as `read` takes it, or null where it is absent. */
    get: (key, read, ...more) =>
      isAbsent(key) ? null : read(value.get(key), `${path}.${key}`, ...more),
  }
}

export function asInteger(value, path, lowest, highest) {
  if (typeof value !== 'bigint') throw wrong(path, 'no integer')
  if (value < lowest || value > highest) throw wrong(path, `not from ${lowest} to ${highest}`)
  return value
}

export const asTime = (value, path) => asInteger(value, path, 0n, MAX_TIME)
export const asU32 = (value, path) => asInteger(value, path, 0n, MAX_U32)
export const asMultiple = (value, path) => asInteger(value, path, 1n, MAX_U32)

export function asBoolean(value, path) {
  if (typeof value !== 'boolean') throw wrong(path, 'neither true nor false')
  return value
}

/** A text of at most so many characters (code points). */
export function asText(value, path, longest) {
  if (typeof value !== 'string') throw wrong(path, 'no text')
  if ([...value].length > longest) throw wrong(path, `more than ${longest} characters`)
  return value
}

export function asChoice(value, path, choices) {
  if (!choices.includes(value)) throw wrong(path, `none of ${choices.join(', ')}`)
  return value
}

export function asMatch(value, path, pattern, expected) {
  if (typeof value !== 'string' || !pattern.test(value)) throw wrong(path, `not ${expected}`)
  return value
}

/** Lower-case hexadecimal text of one of these numbers of bytes. */
export function asHex(value, path, ...sizes) {
  asMatch(value, path, /^0x[0-9a-f]*$/, 'hexadecimal text in lower case')
  if (!sizes.includes((value.length - 2) / 2)) throw wrong(path, `not of ${sizes.join(' or ')} bytes`)
  return value
}

/** The elements of an array, each as `read` takes it. */
export function asArray(value, path, read, fewest = 0, most = Infinity) {
  if (!Array.isArray(value)) throw wrong(path, 'no array')
  if (value.length < fewest || value.length > most) throw wrong(path, `${value.length} elements`)
  return value.map((element, index) => read(element, `${path}[${index}]`))
}

export const asNetwork = (value, path) => asChoice(value, path, ['mainnet', 'testnet'])

export function wrong(path, message) {
  return new Refused('bad-value', path, message)
}
