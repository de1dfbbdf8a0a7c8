// A change of policy: whether the people of the policy in force and of the one to come agree to it.
import { asApprovals, asPolicyReference } from './approval.mjs'
import { ascii, fromHex } from './bytes.mjs'
import { asChoice, asInteger, asObject, asText, wrong } from './fields.mjs'
import { membersOf, readPolicy } from './policy.mjs'
import { Refused } from './refused.mjs'
import { requireSound } from './soundness.mjs'
import { objection } from './sshsig.mjs'
import { isReached } from './threshold.mjs'

const NAMESPACE = 'policy@coldlever'
const MAX_TEXT = 32 << 10

/** A `coldlever/policy-change` document; the policy in it stays text. */
export function asPolicyChange(value, path) {
  const fields = asObject(value, path, ['kind', 'version', 'old', 'policy', 'approvals'], [], ['old', 'policy'])
  fields.get('kind', asChoice, ['coldlever/policy-change'])
  fields.get('version', asInteger, 1n, 1n)
  const change = {
    old: fields.get('old', asPolicyReference),
    policy: fields.get('policy', asText, MAX_TEXT),
    approvals: fields.get('approvals', asApprovals),
  }
  if (change.old === null && change.policy === null) throw wrong(path, 'no policy before and none after')
  return change
}

/** The policy that a change leads to, or null. */
export function policyAfter({ policy }) {
  return policy === null ? null : readPolicy(ascii(policy))
}

/**
 * How far a change has come.
 *
 * @param before the policy in force, which must be the one that the change names, or null
 * @returns `agreed` (names) and `missing`: what each side's threshold lacks, as `in force` or `to come`
 */
export function judgeChange(change, before) {
  if (!isSame(change.old, before)) {
    throw new Refused('policy-mismatch', '$', 'the change is from another policy than the one given')
  }
  const after = policyAfter(change)
  if (after !== null) {
    if (before !== null && after.version <= before.version) {
      throw new Refused('policy-older', '$', 'the version does not count up')
    }
    requireSound(after)
  }
  const sides = [before, after].filter((side) => side !== null)
  const needsPin = sides.some((side) => side.needsPin)
  for (const approval of change.approvals) requireHolds(approval, { sides, before, after, needsPin })
  const agreed = new Set()
  const missing = []
  for (const side of sides) {
    const names = membersOf(side, null).filter((name) => hasAgreed(side, name, change.approvals))
    names.forEach((name) => agreed.add(name))
    if (!isReached(side.change, names, (group) => membersOf(side, group))) {
      missing.push(side === before ? 'in force' : 'to come')
    }
  }
  return { agreed: [...agreed].sort(), missing }
}

function isSame(reference, policy) {
  if (reference === null || policy === null) return reference === policy
  return reference.version === policy.version && reference.digest === policy.digest
}

// By each side's own keys: a name may stand for another person in the other policy.
function hasAgreed(side, name, approvals) {
  const { keys } = side.people.find((person) => person.name === name)
  return approvals.some(({ keyId }) => keys.some((key) => key.keyId === keyId))
}

function requireHolds({ keyId, signature }, { sides, before, after, needsPin }) {
  const keys = sides.flatMap(({ people }) => people.flatMap((person) => person.keys))
  const key = keys.find((one) => one.keyId === keyId)
  if (key === undefined) throw invalid("a key that is nobody's in either policy")
  const reason = objection(
    key, NAMESPACE, statementOfChange(before, after, key.fingerprint), fromHex(signature.slice(2)), needsPin)
  if (reason !== null) throw invalid(reason)
}

function statementOfChange(before, after, fingerprint) {
  const lines = [
    'coldlever policy change: 1',
    `from: ${say(before)}`,
    `to: ${say(after)}`,
    `approver: ${fingerprint}`,
  ]
  return ascii(lines.map((line) => `${line}\n`).join(''))
}

const say = (policy) => (policy === null ? 'none' : `${policy.version} sha256:${policy.digest.slice(2)}`)

function invalid(message) {
  return new Refused('approval-invalid', '$', `an approval of the change does not count: ${message}`)
}
