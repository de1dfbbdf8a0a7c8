// The policy file: who has to agree to what.
import { sha256 } from '@noble/hashes/sha2.js'
import { asAddress } from './address.mjs'
import { toHex } from './bytes.mjs'
import { asArray, asBoolean, asChoice, asInteger, asMatch, asMultiple, asNetwork, asObject, asU32, wrong } from './fields.mjs'
import { Refused } from './refused.mjs'
import { asPublicKey } from './ssh_key.mjs'
import { asThreshold } from './threshold.mjs'
import { parseToml } from './toml.mjs'

const MAX_BYTES = 32 << 10
const MOST = 200
const ACTIONS = ['updateLeverage', 'updateIsolatedMargin', 'topUpIsolatedOnlyMargin']
const DIRECTIONS = ['raise', 'lower', 'switch', 'add', 'remove']
const MODES = ['cross', 'isolated']
const UNITS = { s: 1_000n, m: 60_000n, h: 3_600_000n, d: 86_400_000n }
const REQUIRED = ['policy', 'version', 'name', 'change', 'person', 'rule']
const OPTIONAL = [
  'limits', 'proposers', 'proposer-counts', 'pin', 'trust-drafted-setting', 'attestors', 'attestors-needed',
  'market-max-age',
]
const LIMITS = [
  'networks', 'signers', 'accounts', 'actions', 'modes', 'ceiling', 'market', 'longest-validity',
  'expiry-required', 'changes-a-day',
]
const CONDITIONS = [
  'networks', 'signers', 'accounts', 'assets', 'actions', 'directions', 'modes', 'leverage-up-to',
]

/** @param {Uint8Array} bytes the file; its SHA-256 is the policy's digest */
export function readPolicy(bytes) {
  const fields = asObject(parseToml(decode(bytes)), '$', REQUIRED, OPTIONAL)
  fields.get('policy', asInteger, 1n, 1n)
  const policy = {
    version: fields.get('version', asMultiple),
    digest: toHex(sha256(bytes)),
    name: fields.get('name', asTitle),
    change: fields.get('change', asThreshold),
    people: fields.get('person', listOf(asPerson)),
    rules: fields.get('rule', listOf(asRule)),
    limits: fields.get('limits', asLimits) ?? asLimits(new Map(), '$.limits'),
    proposers: fields.get('proposers', uniqueOf(asName)) ?? [],
    proposerCounts: fields.get('proposer-counts', asBoolean) ?? false,
    needsPin: fields.get('pin', asBoolean) ?? false,
    trustsDrafted: fields.get('trust-drafted-setting', asBoolean) ?? false,
    attestors: fields.get('attestors', uniqueOf(asName)) ?? [],
    attestorsNeeded: fields.get('attestors-needed', asMultiple) ?? 1n,
    marketMaxAge: fields.get('market-max-age', asDuration),
  }
  requireConsistent(policy)
  requireAttestors(policy, fields)
  return policy
}

/** The names of a group; of null everybody's. */
export function membersOf({ people }, group) {
  return people.filter(({ groups }) => group === null || groups.includes(group)).map(({ name }) => name)
}

function decode(bytes) {
  if (bytes.length > MAX_BYTES) throw malformed(`more than ${MAX_BYTES} bytes`)
  let text
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    throw malformed('not UTF-8')
  }
  if (text.startsWith('\ufeff') || text.includes('\r')) throw malformed('a byte order mark, or CR')
  return text
}

const asTitle = (value, path) => asMatch(value, path, /^[ -~]{1,80}$/, 'plain text of 1 to 80 characters')
const asName = (value, path) => asMatch(value, path, /^[a-z0-9-]{1,40}$/, 'a name')
const asAction = (value, path) => asChoice(value, path, ACTIONS)
const asDirection = (value, path) => asChoice(value, path, DIRECTIONS)
const asMode = (value, path) => asChoice(value, path, MODES)

const listOf = (read) => (value, path) => asArray(value, path, read, 1, MOST)

/** A list whose elements are all different, by what `identity` makes of each. */
function uniqueOf(read, identity = (one) => one) {
  return (value, path) => {
    const elements = asArray(value, path, read, 1, MOST)
    if (new Set(elements.map(identity)).size !== elements.length) throw wrong(path, 'something twice')
    return elements
  }
}

function asPerson(value, path) {
  const fields = asObject(value, path, ['name', 'keys'], ['groups'])
  return {
    name: fields.get('name', asName),
    groups: fields.get('groups', uniqueOf(asName)) ?? [],
    keys: fields.get('keys', uniqueOf(asPublicKey, ({ fingerprint }) => fingerprint)),
  }
}

function asRule(value, path) {
  const fields = asObject(value, path, ['name'], [...CONDITIONS, 'needs', 'refuse'])
  const rule = {
    name: fields.get('name', asTitle),
    networks: fields.get('networks', uniqueOf(asNetwork)),
    signers: fields.get('signers', uniqueOf(asAddress)),
    accounts: fields.get('accounts', uniqueOf(asAddress)),
    assets: fields.get('assets', uniqueOf(asU32)),
    actions: fields.get('actions', uniqueOf(asAction)),
    directions: fields.get('directions', uniqueOf(asDirection)),
    modes: fields.get('modes', uniqueOf(asMode)),
    leverageUpTo: fields.get('leverage-up-to', asMultiple),
    needs: fields.get('needs', asThreshold),
  }
  if ((fields.get('refuse', asBoolean) ?? false) === (rule.needs !== null)) {
    throw wrong(path, 'not exactly one of needs and refuse = true')
  }
  return rule
}

function asLimits(value, path) {
  const fields = asObject(value, path, [], LIMITS)
  return {
    networks: fields.get('networks', uniqueOf(asNetwork)),
    signers: fields.get('signers', uniqueOf(asAddress)),
    accounts: fields.get('accounts', uniqueOf(asAddress)),
    actions: fields.get('actions', uniqueOf(asAction)),
    modes: fields.get('modes', uniqueOf(asMode)),
    ceiling: fields.get('ceiling', asMultiple),
    markets: fields.get('market', uniqueOf(asCeiling, ({ network, asset }) => `${network} ${asset}`)) ?? [],
    longestValidity: fields.get('longest-validity', asDuration),
    expiryRequired: fields.get('expiry-required', asBoolean) ?? false,
    changesADay: fields.get('changes-a-day', asMultiple),
  }
}

function asCeiling(value, path) {
  const fields = asObject(value, path, ['network', 'asset', 'ceiling'])
  return {
    network: fields.get('network', asNetwork),
    asset: fields.get('asset', asU32),
    ceiling: fields.get('ceiling', asMultiple),
  }
}

function asDuration(value, path) {
  const text = asMatch(value, path, /^[1-9][0-9]{0,6}[smhd]$/, 'a duration such as "24h"')
  return BigInt(text.slice(0, -1)) * UNITS[text.at(-1)]
}

function requireConsistent(policy) {
  const names = membersOf(policy, null)
  if (new Set(names).size !== names.length) throw wrong('$.person', 'a name twice')
  const keys = policy.people.flatMap((person) => person.keys.map(({ fingerprint }) => fingerprint))
  if (new Set(keys).size !== keys.length) throw wrong('$.person', 'a key with two persons')
  const thresholds = [policy.change, ...policy.rules.map(({ needs }) => needs ?? [])]
  for (const { group, count, size } of thresholds.flat()) {
    const actual = membersOf(policy, group).length
    if (size !== actual || count > actual) throw wrong('$', `a threshold of ${size}, where ${actual} are`)
  }
  if (policy.change.length === 0) throw wrong('$.change', 'somebody has to agree')
  const stranger = [...policy.proposers, ...policy.attestors].find((name) => !names.includes(name))
  if (stranger !== undefined) throw wrong('$', `${stranger} is no person of the policy`)
}

function requireAttestors({ attestors, attestorsNeeded }, fields) {
  const isAlone = fields.has('attestors-needed') || fields.has('market-max-age')
  if (attestors.length === 0 && isAlone) throw wrong('$', 'no attestors')
  if (attestors.length > 0 && attestorsNeeded > BigInt(attestors.length)) throw wrong('$.attestors-needed', 'more than there are')
}

function malformed(message) {
  return new Refused('policy-malformed', '$', message)
}
