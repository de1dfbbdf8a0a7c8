// What this verifier says of a document, as plain JSON values.
import { checksummed } from './address.mjs'
import { toHex } from './bytes.mjs'
import { answerWords, checkWords } from './check_words.mjs'
import { actionHash, digestOf } from './digest.mjs'
import { readDocument } from './document.mjs'
import { coinOf } from './market.mjs'
import { Refused } from './refused.mjs'

export const NOTHING_KNOWN = { network: null, signer: null, challenge: null }

/**
 * Judge a document. Integers come as decimal texts, because JSON.stringify knows no BigInt.
 *
 * @param {Uint8Array} bytes
 * @param options `network` and `signer` that the person names, and the other side's `challenge`
 */
export function judge(bytes, options = NOTHING_KNOWN) {
  try {
    return accepted(readDocument(bytes, options), options)
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    return { ok: false, error: { code: error.code, path: error.path, message: error.message } }
  }
}

function accepted(document, options) {
  if (document.what === 'approvals') return { ok: true, what: 'approvals', ...plain(document.file) }
  const { what, items } = document
  const subjects = items.map((item) => ({ digest: digestOf(item), signer: item.signer ?? options.signer }))
  const verdict = { ok: true, what, items: items.map((item, index) => facts(item, subjects[index])) }
  verdict.checkWords = checkWords(subjects)
  if (options.challenge !== null) verdict.answer = answerWords(subjects, options.challenge)
  return verdict
}

function facts(item, subject) {
  const { path, ...members } = item
  return {
    ...plain(members),
    path,
    signer: subject.signer === null ? null : checksummed(subject.signer),
    actionHash: toHex(actionHash(item)),
    digest: toHex(subject.digest),
    checkWords: checkWords([subject]),
    knownCoin: item.action.asset === undefined ? null : coinOf(item.network, item.action.asset),
  }
}

function plain(value) {
  if (typeof value === 'bigint') return value.toString()
  if (Array.isArray(value)) return value.map(plain)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]))
}
