// Market tables beside requests: names and limits for those that bring none of their own.
import { isNoop } from './action.mjs'
import { listOf } from './attestation.mjs'
import { requireFits } from './market.mjs'
import { Refused } from './refused.mjs'

/** At most one table a network; an attested one has only names that a statement can hold. */
export function requireTables(tables) {
  if (new Set(tables.map(({ network }) => network)).size !== tables.length) {
    throw new Refused('market-twice', '$', 'two market tables of one network')
  }
  for (const table of tables) if (isAttested(table)) listOf(table)
}

/** The request with the entry of its asset; `table` is who vouches for it, where somebody does. */
export function named(request, tables) {
  if (tables.length === 0 || isNoop(request.action)) return request
  const table = tables.find(({ network }) => network === request.network)
  if (table === undefined) throw mismatch(request, 'the market table is for another network')
  const entry = table.entries.find(({ asset }) => asset === request.action.asset)
  if (entry === undefined) return request
  const own = request.market ?? null
  if (own !== null && own.coin !== entry.coin) throw mismatch(request, 'the market table calls it otherwise')
  const attested = isAttested(table)
  if (own !== null && !attested) return request
  requireFits(entry, request, request.path)
  return { ...request, market: entry, ...(attested ? { marketProof: null, table } : {}) }
}

const isAttested = ({ attestations, entries }) => attestations.length > 0 && entries.length > 0

function mismatch({ path }, message) {
  return new Refused('market-mismatch', path, message)
}
