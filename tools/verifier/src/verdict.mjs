// What this verifier says of a document, as plain JSON values.
import { checksummed } from './address.mjs'
import { lineOf, listOf } from './attestation.mjs'
import { toHex } from './bytes.mjs'
import { answerWords, checkWords } from './check_words.mjs'
import { actionHash, digestOf } from './digest.mjs'
import { readDocument } from './document.mjs'
import { judgeCases } from './judge.mjs'
import { named, requireTables } from './naming.mjs'
import { readPolicy } from './policy.mjs'
import { judgeChange, policyAfter } from './policy_change.mjs'
import { Refused } from './refused.mjs'
import { reviewRows } from './review.mjs'
import { parseJson } from './strict_json.mjs'
import { marketVouchers, tableVouchers } from './vouching.mjs'
import { timeWarnings, warning, warningsOf } from './warning.mjs'

export const NOTHING_KNOWN = {
  network: null, signer: null, challenge: null, policy: null, approvals: [], markets: [], now: null,
}
const BESIDE = { approvals: 'coldlever/approvals', markets: 'coldlever/market' }

/**
 * Judge a document. Integers come as decimal texts, because JSON.stringify knows no BigInt.
 *
 * @param {Uint8Array} bytes
 * @param options `network` and `signer` that the person names, the other side's `challenge`, the bytes
 *   of the `policy`, of files of `approvals` and of `markets` (tables), and `now` (ms); null for what
 *   is not known
 */
export function judge(bytes, options = NOTHING_KNOWN) {
  try {
    const known = { ...NOTHING_KNOWN, ...options }
    const document = readDocument(bytes, known)
    return { ok: true, what: document.what, ...WAYS[document.what](document, known) }
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    return { ok: false, error: { code: error.code, path: error.path, message: error.message } }
  }
}

const WAYS = {
  approvals: ({ file }) => plain(file),
  market: ofTable,
  change: ofChange,
  request: ofItems,
  signed: ofItems,
}

function ofItems(document, options) {
  const policy = policyOf(options)
  const tables = options.markets.map((bytes) => beside(bytes, 'market'))
  requireTables(tables)
  const items = document.items.map((item) => ({ ...named(item, tables), signer: whoSigns(item, options) }))
  const attestors = items.map((item) => (policy === null ? [] : marketVouchers(policy, item, options.now)))
  const subjects = items.map((item) => ({ digest: digestOf(item), signer: item.signer }))
  const verdict = { items: items.map((item, index) => facts(item, subjects[index], attestors[index], document, options)) }
  verdict.checkWords = checkWords(subjects)
  if (options.challenge !== null) verdict.answer = answerWords(subjects, options.challenge)
  if (policy !== null) Object.assign(verdict, underPolicy(policy, { ...document, items }, options))
  return verdict
}

function whoSigns({ path, signer }, options) {
  if (signer !== null && options.signer !== null && signer !== options.signer) {
    throw new Refused('signer-mismatch', path, `must be signed by ${signer}, not ${options.signer}`)
  }
  return signer ?? options.signer
}

function policyOf({ policy }) {
  return policy === null ? null : readPolicy(policy)
}

function underPolicy(policy, document, options) {
  const sheets = options.approvals.map((bytes) => beside(bytes, 'approvals'))
  const cases = judgeCases(policy, document, sheets, options.now)
  return { policy: sayPolicy(policy), cases, approved: cases.every(({ approved }) => approved) }
}

// A file beside the document: approvals, or a market table.
function beside(bytes, expected) {
  const { what, file } = readDocument(bytes, NOTHING_KNOWN)
  if (what !== expected) throw new Refused('bad-value', '$', `no file of kind ${expected}`)
  return file
}

const sayPolicy = ({ version, digest, name }) => ({ version: version.toString(), digest, name })

function ofTable({ file }, options) {
  const policy = policyOf(options)
  if (options.network !== null && options.network !== file.network) {
    throw new Refused('network-mismatch', '$', `${file.network}, not ${options.network}`)
  }
  const attestedBy = policy === null ? null : tableVouchers(policy, file)
  const isEnough = policy !== null && attestedBy.length > 0 && BigInt(attestedBy.length) >= policy.attestorsNeeded
  return {
    ...plain(file),
    ...listed(file),
    ...(policy === null ? {} : { policy: sayPolicy(policy), attestedBy, approved: isEnough }),
  }
}

// Null where a name cannot stand in a statement, or nothing can be listed.
function listed(table) {
  try {
    return { list: table.entries.length === 0 ? null : toHex(listOf(table).root), lines: table.entries.map(lineOf) }
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    return { list: null, lines: null }
  }
}

function ofChange({ file }, options) {
  const after = policyAfter(file)
  const { agreed, missing } = judgeChange(file, policyOf(options))
  return {
    old: plain(file.old),
    new: after === null ? null : sayPolicy(after),
    text: file.policy,
    agreed,
    missing,
    approved: missing.length === 0,
  }
}

function facts(item, subject, attestors, { what }, options) {
  const { path, table, isClaimed, ...members } = item
  return {
    ...plain(members),
    path,
    signer: subject.signer === null ? null : checksummed(subject.signer),
    actionHash: toHex(actionHash(item)),
    digest: toHex(subject.digest),
    checkWords: checkWords([subject]),
    attestedBy: attestors,
    review: reviewRows(item, attestors),
    warnings: [...warningsOf(item, attestors), ...(what === 'request'
      ? timeWarnings(item, options.now)
      : claimWarnings(item, options))],
  }
}

function claimWarnings({ isClaimed, signer }, options) {
  if (isClaimed || options.signer !== null) return []
  return [warning('signer-unclaimed', `nothing says who should have signed; it was ${checksummed(signer)}`)]
}

function plain(value) {
  if (typeof value === 'bigint') return value.toString()
  if (Array.isArray(value)) return value.map(plain)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, plain(each)]))
}

/**
 * Whether a document says that it is one of those that stand beside others; it may be malformed all
 * the same.
 *
 * @returns {'approvals' | 'markets' | null}
 */
export function placeBeside(bytes) {
  try {
    const kind = parseJson(bytes).get?.('kind')
    return Object.keys(BESIDE).find((place) => BESIDE[place] === kind) ?? null
  } catch {
    return null
  }
}
