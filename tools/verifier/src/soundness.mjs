// What keeps a policy from being adopted: thresholds that nobody reaches, rules that never decide.
import { membersOf } from './policy.mjs'
import { Refused } from './refused.mjs'
import { isReached } from './threshold.mjs'

const CONDITIONS = ['networks', 'signers', 'accounts', 'assets', 'actions', 'directions', 'modes']
const BOUNDED = ['networks', 'signers', 'accounts', 'actions', 'modes']
const DIRECTIONS = {
  updateLeverage: ['raise', 'lower', 'switch'],
  updateIsolatedMargin: ['add', 'remove'],
  topUpIsolatedOnlyMargin: ['add'],
}

export function requireSound(policy) {
  const thresholds = policy.rules.map(({ needs }) => needs).filter((needs) => needs !== null)
  if (!isReachable(policy, policy.change, false) || !thresholds.every((needs) => isReachable(policy, needs, true))) {
    throw unsound('a threshold that nobody can reach')
  }
  const idle = policy.rules.find((rule, number) =>
    policy.rules.slice(0, number).some((earlier) => covers(earlier, rule)) || contradicts(policy.limits, rule))
  if (idle !== undefined) throw unsound(`the rule "${idle.name}" never decides`)
}

// Whoever of the people proposes.
function isReachable(policy, needs, isRule) {
  const everybody = membersOf(policy, null)
  const isEnough = (people) => isReached(needs, people, (group) => membersOf(policy, group))
  if (!isRule || policy.proposers.length === 0 || policy.proposerCounts) return isEnough(everybody)
  return policy.proposers.some((name) => isEnough(everybody.filter((one) => one !== name)))
}

// Whether the earlier rule is about whatever the later one is about.
function covers(earlier, later) {
  const isWider = CONDITIONS.every((key) =>
    earlier[key] === null || (later[key] !== null && later[key].every((one) => earlier[key].includes(one))))
  if (!isWider || earlier.leverageUpTo === null) return isWider
  return later.leverageUpTo !== null && later.leverageUpTo <= earlier.leverageUpTo
}

function contradicts(limits, rule) {
  if (BOUNDED.some((key) => rule[key] !== null && limits[key] !== null &&
    !rule[key].some((one) => limits[key].includes(one)))) return true
  const needsSetting = rule.modes !== null || rule.leverageUpTo !== null
  const fitting = Object.keys(DIRECTIONS).filter((type) =>
    (rule.actions ?? [type]).includes(type) && (limits.actions ?? [type]).includes(type) &&
    (!needsSetting || type === 'updateLeverage'))
  const directions = fitting.flatMap((type) => DIRECTIONS[type])
  return fitting.length === 0 || (rule.directions !== null && !rule.directions.some((one) => directions.includes(one)))
}

function unsound(message) {
  return new Refused('policy-unsound', '$', message)
}
