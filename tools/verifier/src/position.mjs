// What the drafter says of the open position: decimal numbers as the exchange gives them.
import { asMatch, asObject, wrong } from './fields.mjs'

const AMOUNT = /^-?[0-9]{1,30}(?:\.[0-9]{1,30})?$/
const FIGURES = ['marginBefore', 'marginAfter', 'liquidationBefore', 'liquidationAfter']

export function asPosition(value, path) {
  const fields = asObject(value, path, ['size'], FIGURES)
  const position = { size: fields.get('size', asAmount) }
  if (!/[1-9]/.test(position.size)) throw wrong(`${path}.size`, 'a position has a size')
  for (const key of FIGURES) position[key] = fields.get(key, asAmount)
  return position
}

const asAmount = (value, path) => asMatch(value, path, AMOUNT, 'a decimal number')
