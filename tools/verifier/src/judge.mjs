// Whether the right people have agreed to what a document asks for.
import { isNoop } from './action.mjs'
import { fromHex, toHex } from './bytes.mjs'
import { digestOf } from './digest.mjs'
import { membersOf } from './policy.mjs'
import { Refused } from './refused.mjs'
import { objection } from './sshsig.mjs'
import { endOfCase, linesOf, statementOf, subjectOf } from './statement.mjs'
import { isReached } from './threshold.mjs'

const NAMESPACES = { approve: 'approve@coldlever', reject: 'approve@coldlever', propose: 'propose@coldlever' }

/**
 * Judge each case of a document. Changes a day and the signer's ledger are beyond what one document
 * tells.
 *
 * @param document as `readDocument` returns it; sheets: files of approvals
 * @param {bigint | null} now ms, or null without a clock
 */
export function judgeCases(policy, document, sheets, now) {
  const items = document.items.filter(({ action }) => !isNoop(action))
  const cases = spans(items, sheets, document.isBatch).map(asCase)
  for (const sheet of sheets) {
    if (!cases.some((one) => concerns(sheet, one))) {
      throw new Refused('approval-invalid', '$', 'a file of approvals is for another request')
    }
  }
  return cases.map((one) => {
    const own = one.items.flatMap(({ approvals }) => approvals)
    const foreign = sheets.filter((sheet) => concerns(sheet, one)).flatMap(({ approvals }) => approvals)
    return standing(policy, one, merged([...own, ...foreign]), { now, isRequest: document.what === 'request' })
  })
}

// A batch is one case, unless its requests carry approvals that say otherwise or have no head in common.
function spans(items, sheets, isBatch) {
  if (items.length === 0) return []
  if (!isBatch) return [{ items, isBatch: false }]
  const digests = items.map((item) => toHex(digestOf(item)))
  const isBare = items.every(({ approvals }) => approvals.length === 0)
  const isOne = new Set(items.map(head)).size === 1
  if (isBare && isOne && !sheets.some(({ subject }) => digests.includes(subject))) return [{ items, isBatch }]
  const found = []
  for (let first = 0; first < items.length; first += found.at(-1).items.length) {
    const whole = items[first].approvals.find(({ requests, list }) => requests !== null && list === null)
    const size = whole === undefined ? null : Number(whole.requests)
    const isWhole = size !== null && first + size <= items.length
    found.push({ items: items.slice(first, first + (isWhole ? size : 1)), isBatch: isWhole })
  }
  return found
}

const head = ({ network, vaultAddress, signer, account }) => [network, vaultAddress, signer, account].join()

function asCase(one) {
  if (new Set(one.items.map(head)).size !== 1) {
    throw new Refused('batch-mixed', '$', 'a batch that is approved as one has one network, signer and account')
  }
  if (one.items[0].signer === null) throw new Refused('signer-missing', '$', 'who signs is not said')
  return one
}

function concerns(sheet, aCase) {
  if (sheet.network !== aCase.items[0].network) return false
  if (sheet.subject === subjectOf(aCase)) return true
  const listed = sheet.approvals.flatMap(({ list }) => list ?? [])
  return listed.length > 0 && linesOf(aCase).every((line) => listed.includes(line))
}

// The same approval may stand in several files. `policy` and `list` are no part of what is signed, so
// of two that differ in these alone the one that says more is looked at.
function merged(approvals) {
  const best = new Map()
  for (const approval of approvals) {
    const { decision, keyId, signature, round, notAfter, requests } = approval
    const key = [decision, keyId, signature, round, notAfter, requests].join()
    if (!best.has(key) || telling(approval) > telling(best.get(key))) best.set(key, approval)
  }
  return [...best.values()]
}

const telling = ({ policy, list }) => (list === null ? 0 : 2) + (policy === null ? 0 : 1)

function standing(policy, aCase, approvals, { now, isRequest }) {
  const rules = [...new Set(aCase.items.map((item) => decidingRule(policy, item, isRequest)))]
  const words = approvals.map((approval) => ({ name: checked(policy, aCase, approval, now), ...approval }))
  const everybody = membersOf(policy, null)
  const approvedBy = everybody.filter((name) => lastWord(words, name) === 'approve')
  const rejectedBy = everybody.filter((name) => lastWord(words, name) === 'reject')
  const proposedBy = policy.proposers.filter((name) =>
    words.some((word) => word.name === name && word.decision === 'propose'))
  const agreed = policy.proposerCounts
    ? [...new Set([...approvedBy, ...proposedBy])]
    : approvedBy.filter((name) => !proposedBy.includes(name))
  const isProposed = !isRequest || policy.proposers.length === 0 || proposedBy.length > 0
  const isEnough = rules.every(({ needs }) => isReached(needs, agreed, (group) => membersOf(policy, group)))
  return {
    approved: isEnough && isProposed && rejectedBy.length === 0,
    rules: rules.map(({ name }) => name),
    approvedBy,
    rejectedBy,
    proposedBy,
  }
}

/** Whose approval it is; one that does not hold is an error, not an absence. */
function checked(policy, aCase, approval, now) {
  const person = policy.people.find(({ keys }) => keys.some(({ keyId }) => keyId === approval.keyId))
  if (person === undefined) throw invalid('somebody', "the key is nobody's in this policy")
  const reference = approval.policy
  if (reference !== null && (reference.version !== policy.version || reference.digest !== policy.digest)) {
    throw new Refused('policy-mismatch', '$', `${person.name} has approved under another policy`)
  }
  const reason = (approval.decision === 'propose' && !policy.proposers.includes(person.name)
    ? 'the policy does not let them propose'
    : wrongList(aCase, approval)) ?? wrongTime(aCase, approval, now) ?? wrongSignature(policy, aCase, approval, person)
  if (reason !== null) throw invalid(person.name, reason)
  return person.name
}

function wrongList(aCase, { requests, list }) {
  if (requests === null) return aCase.isBatch ? 'it is for a single request' : null
  if (list === null) {
    return aCase.isBatch && requests === BigInt(aCase.items.length) ? null : 'it is for another batch'
  }
  return linesOf(aCase).every((line) => list.includes(line)) ? null : 'its list does not hold this request'
}

function wrongTime(aCase, { notAfter, list }, now) {
  const end = endOfCase(aCase)
  const until = notAfter ?? end
  if (until > end && list === null) return 'it would outlive the payload'
  return now !== null && now > until ? 'its time is over' : null
}

function wrongSignature(policy, aCase, approval, { keys }) {
  const key = keys.find(({ keyId }) => keyId === approval.keyId)
  const statement = statementOf(aCase, approval, policy, key.fingerprint)
  const signature = fromHex(approval.signature.slice(2))
  return objection(key, NAMESPACES[approval.decision], statement, signature, policy.needsPin)
}

function invalid(name, reason) {
  return new Refused('approval-invalid', '$', `the approval of ${name} does not count: ${reason}`)
}

// The highest round counts, and in one round the rejection.
function lastWord(words, name) {
  const own = words.filter((word) => word.name === name && word.decision !== 'propose')
  const highest = own.reduce((round, word) => (word.round > round ? word.round : round), 0n)
  const last = own.filter(({ round }) => round === highest).map(({ decision }) => decision)
  return last.includes('reject') ? 'reject' : last[0] ?? null
}

function decidingRule(policy, item, isRequest) {
  const change = changeOf(policy, item, isRequest)
  const passed = passedLimit(policy.limits, change)
  if (passed !== null) throw refused(item, passed)
  const rule = policy.rules.find((one) => isAbout(one, change))
  if (rule === undefined) throw refused(item, 'no rule is about such a change')
  if (rule.needs === null) throw refused(item, `the rule "${rule.name}" refuses such changes`)
  return rule
}

function changeOf(policy, item, isRequest) {
  const { action } = item
  const sets = action.type === 'updateLeverage'
  const current = policy.trustsDrafted && isRequest ? item.current : null
  return {
    ...item,
    account: item.vaultAddress ?? item.account ?? item.signer,
    mode: sets ? (action.isCross ? 'cross' : 'isolated') : null,
    leverage: sets ? action.leverage : null,
    direction: directionOf(action, current),
  }
}

function directionOf(action, current) {
  if (action.type === 'updateIsolatedMargin') return action.ntli > 0n ? 'add' : 'remove'
  if (action.type === 'topUpIsolatedOnlyMargin') return 'add'
  if (current === null || action.leverage > current.leverage) return 'raise'
  return action.isCross === current.isCross ? 'lower' : 'switch'
}

const allows = (allowed, value) => allowed === null || allowed.includes(value)

function isAbout(rule, { network, signer, account, action, direction, mode, leverage }) {
  return allows(rule.networks, network) && allows(rule.signers, signer) && allows(rule.accounts, account) &&
    allows(rule.assets, action.asset) && allows(rule.actions, action.type) &&
    allows(rule.directions, direction) && allows(rule.modes, mode) &&
    (rule.leverageUpTo === null || (leverage !== null && leverage <= rule.leverageUpTo))
}

function passedLimit(limits, { network, signer, account, action, mode, leverage, nonce, expiresAfter }) {
  if (!allows(limits.networks, network)) return 'a network that the policy does not allow'
  if (!allows(limits.signers, signer)) return 'a signer that the policy does not allow'
  if (!allows(limits.accounts, account)) return 'an account that the policy does not allow'
  if (!allows(limits.actions, action.type)) return 'an action that the policy does not allow'
  if (mode !== null && !allows(limits.modes, mode)) return 'a margin mode that the policy does not allow'
  const ceilings = limits.markets.filter((one) => one.network === network && one.asset === action.asset)
  const lowest = [limits.ceiling, ...ceilings.map(({ ceiling }) => ceiling)].filter((one) => one !== null)
  if (leverage !== null && lowest.some((ceiling) => leverage > ceiling)) return 'leverage above a ceiling'
  return passedTime(limits, nonce, expiresAfter)
}

function passedTime({ expiryRequired, longestValidity }, nonce, expiresAfter) {
  if (expiresAfter === null) return expiryRequired || longestValidity !== null ? 'it has no expiry' : null
  return longestValidity !== null && expiresAfter - nonce > longestValidity ? 'it stays valid too long' : null
}

function refused({ path }, message) {
  return new Refused('policy-refused', path, message)
}
