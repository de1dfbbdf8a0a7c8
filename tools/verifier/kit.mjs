// The verifier as a process that answers, for the test kit: a JSON job on each line of stdin, a JSON
// answer on each line of stdout. A job is {"what", "base64", "given", "files"}: a case of the kit
// (docs/test-kit.md), and in base64 the files that `given` names.
import { createInterface } from 'node:readline'
import { asAddress } from './src/address.mjs'
import { sameBytes } from './src/bytes.mjs'
import { asChallenge } from './src/check_words.mjs'
import { readDocument } from './src/document.mjs'
import { asNetwork } from './src/fields.mjs'
import { readPolicy } from './src/policy.mjs'
import { Refused } from './src/refused.mjs'
import { asPublicKey } from './src/ssh_key.mjs'
import { statementOf } from './src/statement.mjs'
import { judge, NOTHING_KNOWN } from './src/verdict.mjs'

const MISSING = null
const unpacked = (base64) => Buffer.from(base64, 'base64')

function optionsOf(given, read) {
  const { network, signer, challenge, policy, approvals, now } = given
  return {
    ...NOTHING_KNOWN,
    network: network === undefined ? MISSING : asNetwork(network, '--network'),
    signer: signer === undefined ? MISSING : asAddress(signer, '--signer'),
    challenge: challenge === undefined ? MISSING : asChallenge(challenge),
    policy: policy === undefined ? MISSING : read(policy),
    approvals: (approvals ?? []).map(read),
    now: now === undefined ? MISSING : BigInt(now),
  }
}

const WAYS = {
  document: (bytes, given, read) => judge(bytes, optionsOf(given, read)),
  policy: (bytes) => {
    const { version, digest } = readPolicy(bytes)
    return { ok: true, version: Number(version), digest }
  },
  challenge: (bytes, { document }, read) => {
    const challenge = bytes.toString('utf8').replace(/\n$/, '')
    const { ok, answer, error } = judge(read(document), optionsOf({ challenge }, read))
    return { ok, answer, error }
  },
  statement: (bytes, given, read) => {
    const { items, isBatch } = readDocument(read(given.document), NOTHING_KNOWN)
    const approval = {
      decision: given.decision,
      round: BigInt(given.round ?? 1),
      notAfter: given.notAfter === undefined ? MISSING : BigInt(given.notAfter),
      requests: isBatch ? BigInt(items.length) : null,
      list: null,
    }
    const { fingerprint } = asPublicKey(read(given.key).toString('latin1'), '$')
    const built = statementOf({ items, isBatch }, approval, readPolicy(read(given.policy)), fingerprint)
    if (!sameBytes(built, bytes)) throw new Refused('approval-invalid', '$', 'another text')
    return { ok: true, bytes: built.length }
  },
}

function answer({ what, base64, given, files }) {
  const bytes = unpacked(base64)
  const padded = given.pad === undefined ? bytes : Buffer.concat([bytes, Buffer.alloc(given.pad - bytes.length, ' ')])
  try {
    return WAYS[what](padded, given, (path) => unpacked(files[path]))
  } catch (error) {
    if (error instanceof Refused) return { ok: false, error: { code: error.code, message: error.message } }
    return { crashed: String(error.stack) }
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(answer(JSON.parse(line)))}\n`)
}
