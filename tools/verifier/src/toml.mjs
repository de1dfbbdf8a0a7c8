// TOML 1.0, as far as a policy needs it: tables, arrays, texts, whole numbers and truth values. Dates
// and fractions are refused where they stand, because they mean nothing in a policy.
import { Refused } from './refused.mjs'

const MAX_LEVELS = 100
const BARE = /[A-Za-z0-9_-]+/y
const NUMBER = /0x[0-9a-fA-F](?:_?[0-9a-fA-F])*|0o[0-7](?:_?[0-7])*|0b[01](?:_?[01])*|[+-]?(?:0|[1-9](?:_?[0-9])*)/y
const ESCAPES = { b: '\b', t: '\t', n: '\n', f: '\f', r: '\r', '"': '"', '\\': '\\' }
const CONTROL = /[\0-\x08\x0a-\x1f\x7f]/

/** @returns {Map} tables as Maps, whole numbers as BigInts */
export function parseToml(text) {
  return new Parser(text).document()
}

class Parser {
  constructor(text) {
    this.text = text
    this.at = 0
    this.levels = 0
    // How a table came to be: `header`, `implied` by a longer header, `inline`, or the number of the
    // section whose dotted keys made it.
    this.origin = new Map()
    this.listed = new Set()
    this.section = 0
  }

  document() {
    const root = new Map()
    let table = root
    for (;;) {
      this.blanks()
      if (this.at >= this.text.length) return root
      if (this.take('[[')) table = this.arrayHeader(root)
      else if (this.take('[')) table = this.header(root)
      else this.pair(table)
      this.endOfLine()
    }
  }

  header(root) {
    const keys = this.keys()
    this.require(']')
    this.section += 1
    const [parent, last] = this.parentOf(root, keys)
    if (!parent.has(last)) return this.opened(parent, last, 'header')
    const table = parent.get(last)
    if (this.origin.get(table) !== 'implied') throw this.malformed('a table twice')
    this.origin.set(table, 'header')
    return table
  }

  arrayHeader(root) {
    const keys = this.keys()
    this.require(']]')
    this.section += 1
    const [parent, last] = this.parentOf(root, keys)
    if (!parent.has(last)) {
      parent.set(last, [])
      this.listed.add(parent.get(last))
    }
    const list = parent.get(last)
    if (!this.listed.has(list)) throw this.malformed('no array of tables')
    const table = new Map()
    this.origin.set(table, 'header')
    list.push(table)
    return table
  }

  parentOf(root, keys) {
    let table = root
    for (const key of keys.slice(0, -1)) {
      if (!table.has(key)) this.opened(table, key, 'implied')
      const value = table.get(key)
      table = this.listed.has(value) ? value.at(-1) : value
      if (!(table instanceof Map) || this.origin.get(table) === 'inline') throw this.malformed('no table')
    }
    return [table, keys.at(-1)]
  }

  opened(parent, key, origin) {
    const table = new Map()
    this.origin.set(table, origin)
    parent.set(key, table)
    return table
  }

  pair(table) {
    const keys = this.keys()
    this.require('=')
    this.space()
    const holder = this.dotted(table, keys.slice(0, -1))
    if (holder.has(keys.at(-1))) throw this.malformed(`${keys.at(-1)} twice`)
    holder.set(keys.at(-1), this.value())
  }

  dotted(table, keys) {
    let holder = table
    for (const key of keys) {
      if (!holder.has(key)) this.opened(holder, key, this.section)
      holder = holder.get(key)
      const origin = this.origin.get(holder)
      if (origin === 'implied') this.origin.set(holder, this.section)
      else if (origin !== this.section) throw this.malformed('a table that is defined already')
    }
    return holder
  }

  keys() {
    const keys = []
    do {
      this.space()
      keys.push(this.key())
      this.space()
    } while (this.take('.'))
    return keys
  }

  key() {
    if (this.text[this.at] === '"' || this.text[this.at] === "'") return this.line(this.text[this.at])
    return this.match(BARE)
  }

  value() {
    if (this.text.startsWith('"""', this.at) || this.text.startsWith("'''", this.at)) return this.block()
    const sign = this.text[this.at]
    if (sign === '"' || sign === "'") return this.line(sign)
    if (sign === '[') return this.nested(() => this.array())
    if (sign === '{') return this.nested(() => this.inline())
    if (this.take('true')) return true
    if (this.take('false')) return false
    return integer(this.match(NUMBER))
  }

  nested(read) {
    this.levels += 1
    if (this.levels > MAX_LEVELS) throw this.malformed('too many levels')
    this.at += 1
    const value = read()
    this.levels -= 1
    return value
  }

  array() {
    const elements = []
    for (;;) {
      this.blanks()
      if (this.take(']')) return elements
      elements.push(this.value())
      this.blanks()
      if (!this.take(',')) {
        this.require(']')
        return elements
      }
    }
  }

  inline() {
    const table = new Map()
    const outer = this.section
    this.section = Symbol('inline')
    this.space()
    if (!this.take('}')) {
      do this.pair(table)
      while (this.comma())
      this.require('}')
    }
    this.section = outer
    this.close(table)
    return table
  }

  comma() {
    this.space()
    return this.take(',')
  }

  close(table) {
    this.origin.set(table, 'inline')
    for (const value of table.values()) if (value instanceof Map) this.close(value)
  }

  line(quote) {
    this.at += 1
    let text = ''
    for (;;) {
      const sign = this.sign()
      if (sign === quote) return text
      if (CONTROL.test(sign)) throw this.malformed('a control character in a text')
      text += sign === '\\' && quote === '"' ? this.escaped() : sign
    }
  }

  block() {
    const quote = this.text[this.at]
    this.at += 3
    this.take('\n')
    let text = ''
    for (;;) {
      if (this.take(quote.repeat(3))) return text + this.more(quote)
      const sign = this.sign()
      if (sign !== '\n' && CONTROL.test(sign)) throw this.malformed('a control character in a text')
      if (sign !== '\\' || quote === "'") text += sign
      else if (!this.skipped()) text += this.escaped()
    }
  }

  // Up to two quotes may stand before the three that end it.
  more(quote) {
    return this.take(quote) ? quote + (this.take(quote) ? quote : '') : ''
  }

  // A backslash at the end of a line takes the white space behind it away.
  skipped() {
    const match = /[ \t]*\n[ \t\n]*/y
    match.lastIndex = this.at
    if (!match.test(this.text)) return false
    this.at = match.lastIndex
    return true
  }

  escaped() {
    const sign = this.sign()
    if (sign !== 'u' && sign !== 'U') {
      if (!Object.hasOwn(ESCAPES, sign)) throw this.malformed('an unknown escape')
      return ESCAPES[sign]
    }
    const digits = this.text.slice(this.at, this.at + (sign === 'u' ? 4 : 8))
    const code = Number.parseInt(digits, 16)
    const isCode = /^(?:[0-9a-fA-F]{4}){1,2}$/.test(digits) && digits.length === (sign === 'u' ? 4 : 8)
    if (!isCode || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) throw this.malformed('an unknown escape')
    this.at += digits.length
    return String.fromCodePoint(code)
  }

  sign() {
    if (this.at >= this.text.length) throw this.malformed('no end of a text')
    this.at += 1
    return this.text[this.at - 1]
  }

  space() {
    while (this.text[this.at] === ' ' || this.text[this.at] === '\t') this.at += 1
  }

  blanks() {
    do {
      this.space()
      this.comment()
    } while (this.take('\n'))
  }

  comment() {
    if (!this.take('#')) return
    const end = this.text.indexOf('\n', this.at)
    const text = this.text.slice(this.at, end < 0 ? undefined : end)
    if (CONTROL.test(text)) throw this.malformed('a control character in a comment')
    this.at += text.length
  }

  endOfLine() {
    this.space()
    this.comment()
    if (this.at < this.text.length) this.require('\n')
  }

  match(pattern) {
    pattern.lastIndex = this.at
    const found = pattern.exec(this.text)
    if (found === null) throw this.malformed('no value')
    this.at = pattern.lastIndex
    return found[0]
  }

  take(word) {
    if (!this.text.startsWith(word, this.at)) return false
    this.at += word.length
    return true
  }

  require(word) {
    if (!this.take(word)) throw this.malformed(`no ${JSON.stringify(word)}`)
  }

  malformed(found) {
    const number = this.text.slice(0, this.at).split('\n').length
    return new Refused('policy-malformed', '$', `no TOML: ${found} in line ${number}`)
  }
}

function integer(text) {
  const digits = text.replaceAll('_', '').replace('+', '')
  return digits.startsWith('-') ? -BigInt(digits.slice(1)) : BigInt(digits)
}
