// Attested markets: tables, the lines that attestors sign for, and the proof that a request carries.
import { sha256 } from '@noble/hashes/sha2.js'
import { ascii, fromHex, join, toHex } from './bytes.mjs'
import { asArray, asChoice, asHex, asInteger, asNetwork, asObject, asTime, MAX_U32, wrong } from './fields.mjs'
import { asMarketEntry } from './market.mjs'
import { Refused } from './refused.mjs'
import { stamp } from './stamp.mjs'

const MOST = 20
const LONGEST_PATH = 32
const PLAIN = /^[A-Za-z0-9@][A-Za-z0-9@:/._-]{0,39}$/
const TABLE = ['kind', 'version', 'network', 'time', 'entries']

/** A `coldlever/market` document. */
export function asTable(value, path) {
  const fields = asObject(value, path, TABLE, ['attestations'])
  fields.get('kind', asChoice, ['coldlever/market'])
  fields.get('version', asInteger, 1n, 1n)
  const network = fields.get('network', asNetwork)
  const entries = fields.get('entries', (each, at) => asArray(each, at, asMarketEntry))
  if (entries.some((entry) => entry.network !== network)) {
    throw new Refused('market-network', path, 'an entry of another network')
  }
  if (new Set(entries.map(({ asset }) => asset)).size !== entries.length) {
    throw new Refused('market-duplicate', path, 'an asset twice')
  }
  entries.sort((one, other) => (one.asset < other.asset ? -1 : 1))
  if (entries.length === 0 && fields.has('attestations')) {
    throw new Refused('bad-value', `${path}.attestations`, 'attestations of no market')
  }
  return {
    network,
    time: fields.get('time', asTime),
    entries,
    attestations: fields.get('attestations', asAttestations) ?? [],
  }
}

/** The `marketProof` of a request. */
export function asProof(value, path) {
  const fields = asObject(value, path, ['markets', 'position', 'path', 'attestations'])
  const markets = fields.get('markets', asInteger, 1n, MAX_U32)
  return {
    markets,
    position: fields.get('position', asInteger, 0n, markets - 1n),
    path: fields.get('path', (each, at) => asArray(each, at, (one, place) => asHex(one, place, 32), 0, LONGEST_PATH)),
    attestations: fields.get('attestations', asAttestations),
  }
}

function asAttestations(value, path) {
  const found = asArray(value, path, asAttestation, 1, MOST)
  const keys = found.map(({ keyId, signature }) => keyId + signature)
  if (keys.some((key, index) => index > 0 && key <= keys[index - 1])) {
    throw new Refused('wrong-order', path, 'not ascending by keyId, each once')
  }
  return found
}

function asAttestation(value, path) {
  const fields = asObject(value, path, ['keyId', 'signature'])
  return { keyId: fields.get('keyId', asHex, 8), signature: fields.get('signature', asHex, 64, 69) }
}

/** One market as a line, without its end. */
export function lineOf({ asset, coin, maxLeverage, marginMode, delisted, time }) {
  if (!PLAIN.test(coin)) {
    throw new Refused('market-not-plain', '$', `no statement can hold the name of asset ${asset}`)
  }
  const state = delisted ? 'delisted' : 'listed'
  return `asset ${asset}: ${coin}, up to ${maxLeverage}x, ${marginMode}, ${state}, read ${stamp(time)}`
}

/** What attestors of a table sign for: `network`, `markets` (how many) and `root`. */
export function listOf({ network, entries }) {
  return { network, markets: BigInt(entries.length), root: rootOf(entries.map(leaf)) }
}

/** The same, as a request's proof leads to it; null where its path has another length. */
export function provenList(entry, { markets, position, path }) {
  const root = climb(leaf(entry), position, markets, path.map((digest) => fromHex(digest.slice(2))))
  return root === null ? null : { network: entry.network, markets, root }
}

export function statementOfList({ network, markets, root }, fingerprint) {
  const lines = [
    'coldlever markets: 1',
    `network: ${network}`,
    `markets: ${markets}`,
    `list: sha256:${toHex(root).slice(2)}`,
    `attestor: ${fingerprint}`,
  ]
  return ascii(lines.map((line) => `${line}\n`).join(''))
}

const leaf = (entry) => sha256(join(Uint8Array.of(0), ascii(`${lineOf(entry)}\n`)))
const branch = (left, right) => sha256(join(Uint8Array.of(1), left, right))

// The largest power of two below a number above 1.
const split = (count) => 2n ** BigInt((count - 1n).toString(2).length - 1)

function rootOf(leaves) {
  if (leaves.length === 1) return leaves[0]
  const middle = Number(split(BigInt(leaves.length)))
  return branch(rootOf(leaves.slice(0, middle)), rootOf(leaves.slice(middle)))
}

function climb(own, position, count, path) {
  if (count === 1n) return path.length === 0 ? own : null
  if (path.length === 0) return null
  const middle = split(count)
  const isLeft = position < middle
  const below = isLeft
    ? climb(own, position, middle, path.slice(0, -1))
    : climb(own, position - middle, count - middle, path.slice(0, -1))
  if (below === null) return null
  return isLeft ? branch(below, path.at(-1)) : branch(path.at(-1), below)
}

/** A proof goes with its market alone. */
export function proofBeside(fields, path) {
  const proof = fields.get('marketProof', asProof)
  if (proof !== null && !fields.has('market')) throw wrong(`${path}.marketProof`, 'no market beside it')
  return proof
}
