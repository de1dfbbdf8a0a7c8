// How many people, of which groups: `risk: 1 of 2 and ops: 1 of 3`.
import { wrong } from './fields.mjs'

const PART = /^(?:([a-z0-9-]{1,40}): )?([1-9][0-9]?) of ([1-9][0-9]?)$/

/** @returns {object[]} its parts: `group` (null for all people), `count`, `size` */
export function asThreshold(value, path) {
  if (typeof value !== 'string' || value.length > 200) throw wrong(path, 'no threshold')
  if (value === 'nobody') return []
  const parts = value.split(' and ').map((text) => {
    const match = PART.exec(text)
    if (match === null) throw wrong(path, 'no threshold')
    return { group: match[1] ?? null, count: Number(match[2]), size: Number(match[3]) }
  })
  if (new Set(parts.map(({ group }) => group)).size !== parts.length) throw wrong(path, 'a group twice')
  return parts
}

/**
 * Whether each place can be filled by another person.
 *
 * @param {string[]} people who agreed
 * @param {(group: string | null) => string[]} membersOf
 */
export function isReached(parts, people, membersOf) {
  const places = parts.flatMap(({ group, count }) => Array(count).fill(membersOf(group)))
  const holders = new Map()
  const seat = (person, tried) => places.some((members, place) => {
    if (tried.has(place) || !members.includes(person)) return false
    tried.add(place)
    if (holders.has(place) && !seat(holders.get(place), tried)) return false
    holders.set(place, person)
    return true
  })
  for (const person of people) seat(person, new Set())
  return holders.size === places.length
}
