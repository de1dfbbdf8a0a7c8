// JSON without surprises: JSON.parse takes a key twice, `10.0` for 10, and rounds large integers.
//
// Objects become Maps, integers BigInts; a number that is no plain integer becomes NotInteger, which
// nothing that reads a document accepts.
import { Refused } from './refused.mjs'

export const MAX_BYTES = 1 << 20
export const MAX_DEPTH = 32
const MAX_INTEGER_TEXT = 20
const NUMBER = /-?(?:0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?/y
const ESCAPES = { '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }
const MARKS = [[0xef, 0xbb, 0xbf], [0xff, 0xfe], [0xfe, 0xff]]

export class NotInteger {
  constructor(text) {
    this.text = text
  }
}

/** @param {Uint8Array} bytes a whole document */
export function parseJson(bytes) {
  if (bytes.length > MAX_BYTES) throw new Refused('json-too-large', '$', `${bytes.length} bytes`)
  return new Parser(decode(bytes)).document()
}

function decode(bytes) {
  if (MARKS.some((mark) => mark.every((byte, index) => bytes[index] === byte))) {
    throw new Refused('json-not-utf8', '$', 'a byte order mark')
  }
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw new Refused('json-not-utf8', '$', 'not UTF-8')
  }
}

class Parser {
  constructor(text) {
    this.text = text
    this.at = 0
    this.depth = 0
  }

  document() {
    const value = this.value('$')
    if (this.at < this.text.length) throw this.malformed('text behind the document')
    return value
  }

  value(path) {
    this.space()
    const value = this.bare(path)
    this.space()
    return value
  }

  bare(path) {
    const sign = this.text[this.at]
    if (sign === '{') return this.nested(() => this.object(path))
    if (sign === '[') return this.nested(() => this.array(path))
    if (sign === '"') return this.string()
    for (const [word, value] of [['true', true], ['false', false], ['null', null]]) {
      if (this.take(word)) return value
    }
    return this.number()
  }

  nested(read) {
    this.depth += 1
    if (this.depth > MAX_DEPTH) throw new Refused('json-too-deep', '$', `over ${MAX_DEPTH} levels`)
    this.at += 1
    const value = read()
    this.depth -= 1
    return value
  }

  object(path) {
    const members = new Map()
    this.space()
    if (this.take('}')) return members
    do {
      this.space()
      const key = this.string()
      if (members.has(key)) throw new Refused('json-duplicate-key', path, `${quoted(key)} twice`)
      this.space()
      this.require(':')
      members.set(key, this.value(`${path}.${key}`))
    } while (this.take(','))
    this.require('}')
    return members
  }

  array(path) {
    const elements = []
    this.space()
    if (this.take(']')) return elements
    do elements.push(this.value(`${path}[${elements.length}]`))
    while (this.take(','))
    this.require(']')
    return elements
  }

  string() {
    this.require('"')
    const parts = []
    for (;;) {
      const from = this.at
      while (this.at < this.text.length && isPlain(this.text.charCodeAt(this.at))) this.at += 1
      parts.push(this.text.slice(from, this.at))
      if (this.take('"')) break
      parts.push(this.escaped())
    }
    const value = parts.join('')
    if (!value.isWellFormed()) throw this.malformed('half of a surrogate pair')
    return value
  }

  escaped() {
    if (!this.take('\\')) throw this.malformed('a control character, or no end of a string')
    const sign = this.text[this.at]
    this.at += 1
    if (sign !== 'u') {
      if (!Object.hasOwn(ESCAPES, sign)) throw this.malformed('an unknown escape')
      return ESCAPES[sign]
    }
    const digits = this.text.slice(this.at, this.at + 4)
    if (!/^[0-9a-fA-F]{4}$/.test(digits)) throw this.malformed('an unknown escape')
    this.at += 4
    return String.fromCharCode(Number.parseInt(digits, 16))
  }

  number() {
    NUMBER.lastIndex = this.at
    const match = NUMBER.exec(this.text)
    if (match === null) throw this.malformed('no value')
    this.at = NUMBER.lastIndex
    const [text, fraction, exponent] = match
    const isPlainInteger = fraction === undefined && exponent === undefined && text !== '-0'
    return isPlainInteger && text.length <= MAX_INTEGER_TEXT ? BigInt(text) : new NotInteger(text)
  }

  space() {
    while (' \t\n\r'.includes(this.text[this.at] ?? '-')) this.at += 1
  }

  take(word) {
    if (!this.text.startsWith(word, this.at)) return false
    this.at += word.length
    return true
  }

  require(sign) {
    if (!this.take(sign)) throw this.malformed(`no ${sign}`)
  }

  malformed(found) {
    return new Refused('json-malformed', '$', `${found} at character ${this.at + 1}`)
  }
}

function isPlain(code) {
  return code >= 0x20 && code !== 0x22 && code !== 0x5c
}

function quoted(text) {
  return JSON.stringify(text)
}
