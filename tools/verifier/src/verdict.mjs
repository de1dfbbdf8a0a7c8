// What this verifier says of a document, as plain JSON values.
import { checksummed } from './address.mjs'
import { toHex } from './bytes.mjs'
import { answerWords, checkWords } from './check_words.mjs'
import { actionHash, digestOf } from './digest.mjs'
import { readDocument } from './document.mjs'
import { judgeCases } from './judge.mjs'
import { readPolicy } from './policy.mjs'
import { Refused } from './refused.mjs'
import { reviewRows } from './review.mjs'
import { parseJson } from './strict_json.mjs'

export const NOTHING_KNOWN = {
  network: null, signer: null, challenge: null, policy: null, approvals: [], now: null,
}

/**
 * Judge a document. Integers come as decimal texts, because JSON.stringify knows no BigInt.
 *
 * @param {Uint8Array} bytes
 * @param options `network` and `signer` that the person names, the other side's `challenge`, the bytes
 *   of the `policy` and of files of `approvals`, and `now` (ms); null for what is not known
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
  const subjects = items.map((item) => ({ digest: digestOf(item), signer: whoSigns(item, options) }))
  const verdict = { ok: true, what, items: items.map((item, index) => facts(item, subjects[index])) }
  verdict.checkWords = checkWords(subjects)
  if (options.challenge !== null) verdict.answer = answerWords(subjects, options.challenge)
  if (options.policy !== null) Object.assign(verdict, underPolicy(document, subjects, options))
  return verdict
}

function whoSigns({ path, signer }, options) {
  if (signer !== null && options.signer !== null && signer !== options.signer) {
    throw new Refused('signer-mismatch', path, `must be signed by ${signer}, not ${options.signer}`)
  }
  return signer ?? options.signer
}

function underPolicy(document, subjects, options) {
  const policy = readPolicy(options.policy)
  const items = document.items.map((item, index) => ({ ...item, signer: subjects[index].signer }))
  const sheets = options.approvals.map((bytes) => {
    const { what, file } = readDocument(bytes, options)
    if (what !== 'approvals') throw new Refused('bad-value', '$', 'no file of approvals')
    return file
  })
  const cases = judgeCases(policy, { ...document, items }, sheets, options.now)
  return {
    policy: { version: policy.version.toString(), digest: policy.digest, name: policy.name },
    cases,
    approved: cases.every(({ approved }) => approved),
  }
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
    review: reviewRows(item),
  }
}

function plain(value) {
  if (typeof value === 'bigint') return value.toString()
  if (Array.isArray(value)) return value.map(plain)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]))
}

/** Whether a document says that it is a file of approvals; it may be malformed all the same. */
export function looksLikeApprovals(bytes) {
  try {
    return parseJson(bytes).get?.('kind') === 'coldlever/approvals'
  } catch {
    return false
  }
}
