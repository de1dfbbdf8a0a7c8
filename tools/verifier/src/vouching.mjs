// Who of a policy's attestors vouches for a market: as many as the policy wants, or a refusal.
import { isNoop } from './action.mjs'
import { listOf, provenList, statementOfList } from './attestation.mjs'
import { fromHex } from './bytes.mjs'
import { Refused } from './refused.mjs'
import { objection } from './sshsig.mjs'

const NAMESPACE = 'market@coldlever'
const AHEAD = 120_000n

/** The names of those who have attested a table; enough or not. */
export function tableVouchers(policy, table) {
  return table.attestations.length === 0 ? [] : vouchers(policy, listOf(table), table.attestations)
}

/**
 * The names of those who have attested a request's market; none where it carries no proof.
 *
 * @param {bigint | null} now ms, or null without a clock
 */
export function marketVouchers(policy, { action, market, marketProof, table }, now) {
  const source = table ?? marketProof ?? null
  if (isNoop(action) || source === null) return []
  const listed = table === undefined ? provenList(market, marketProof) : listOf(table)
  if (listed === null) throw invalid('the path of its proof does not fit its place in the list')
  const found = vouchers(policy, listed, source.attestations)
  if (BigInt(found.length) < policy.attestorsNeeded) {
    throw new Refused('attestations-missing', '$', `attested by ${found.length} of ${policy.attestorsNeeded}`)
  }
  if (action.type !== 'updateIsolatedMargin') requireFresh(policy, market, now)
  return found
}

function requireFresh({ marketMaxAge }, { time }, now) {
  if (marketMaxAge === null || now === null) return
  const age = now - time
  if (age > marketMaxAge || age < -AHEAD) {
    throw new Refused('market-stale', '$', 'the limits of the market are too old, or from the future')
  }
}

function vouchers(policy, listed, attestations) {
  const found = attestations.map((one) => vouched(policy, listed, one))
  return policy.attestors.filter((name) => found.includes(name))
}

function vouched(policy, listed, { keyId, signature }) {
  const person = policy.people.find(({ keys }) => keys.some((key) => key.keyId === keyId))
  if (person === undefined || !policy.attestors.includes(person.name)) {
    throw new Refused('not-an-attestor', '$', `the key ${keyId} is no attestor's`)
  }
  const key = person.keys.find((one) => one.keyId === keyId)
  const statement = statementOfList(listed, key.fingerprint)
  const reason = objection(key, NAMESPACE, statement, fromHex(signature.slice(2)), policy.needsPin)
  if (reason !== null) throw invalid(`${person.name}: ${reason}`)
  return person.name
}

function invalid(why) {
  return new Refused('attestation-invalid', '$', `the markets are not attested: ${why}`)
}
