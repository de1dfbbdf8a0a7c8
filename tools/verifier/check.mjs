// The verifier for a terminal or a test: node tools/verifier/check.mjs [OPTION…] FILE…
//
// Prints one JSON document: an array with a verdict for each file, in order. --jobs FILE takes instead
// a JSON array of {"base64", "network"?, "signer"?, "challenge"?, "policy"?, "approvals"?, "markets"?, "now"?},
// files in base64. Without --now no clock is asked. Exit status 0: each file is sound, and approved
// where a policy is given; 3: one of them is not; 2: wrong usage, or a file that cannot be read.
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { asAddress } from './src/address.mjs'
import { asChallenge } from './src/check_words.mjs'
import { asNetwork } from './src/fields.mjs'
import { Refused } from './src/refused.mjs'
import { judge } from './src/verdict.mjs'

function known({ network, signer, challenge, policy, approvals, markets, now }) {
  return {
    network: network == null ? null : asNetwork(network, '--network'),
    signer: signer == null ? null : asAddress(signer, '--signer'),
    challenge: challenge == null ? null : asChallenge(challenge),
    policy: policy ?? null,
    approvals: approvals ?? [],
    markets: markets ?? [],
    now: now == null ? null : BigInt(now),
  }
}

const unpacked = (base64) => Buffer.from(base64, 'base64')

function jobsOf(path) {
  return JSON.parse(readFileSync(path, 'utf8')).map(({ base64, policy, approvals, markets, ...options }) =>
    judge(unpacked(base64), known({
      ...options,
      policy: policy == null ? null : unpacked(policy),
      approvals: (approvals ?? []).map(unpacked),
      markets: (markets ?? []).map(unpacked),
    })))
}

function optionsOf(values) {
  return known({
    ...values,
    policy: values.policy === undefined ? null : readFileSync(values.policy),
    approvals: (values.approvals ?? []).map((path) => readFileSync(path)),
    markets: (values.market ?? []).map((path) => readFileSync(path)),
  })
}

function verdictsOf(argv) {
  const { values, positionals } = parseArgs({
    args: argv,
    allowPositionals: true,
    options: {
      network: { type: 'string' },
      signer: { type: 'string' },
      challenge: { type: 'string' },
      policy: { type: 'string' },
      approvals: { type: 'string', multiple: true },
      market: { type: 'string', multiple: true },
      now: { type: 'string' },
      jobs: { type: 'string' },
    },
  })
  if (values.jobs !== undefined) return jobsOf(values.jobs)
  if (positionals.length === 0) throw new Refused('usage', 'FILE', 'no file to check')
  const options = optionsOf(values)
  return positionals.map((path) => judge(readFileSync(path), options))
}

// Foreign text reaches the terminal as plain ASCII.
function ascii(json) {
  return json.replace(/[^ -~]/g, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

try {
  const verdicts = verdictsOf(process.argv.slice(2))
  process.stdout.write(`${ascii(JSON.stringify(verdicts))}\n`)
  process.exitCode = verdicts.every(({ ok, approved }) => ok && approved !== false) ? 0 : 3
} catch (error) {
  if (!(error instanceof Refused) && typeof error.code !== 'string') throw error
  process.stderr.write(`${ascii(JSON.stringify(error.message))}\n`)
  process.exitCode = 2
}
