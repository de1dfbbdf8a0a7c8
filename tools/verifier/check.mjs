// The verifier for a terminal or a test: node tools/verifier/check.mjs [OPTION…] FILE…
//
// Prints one JSON document: an array with a verdict for each file, in order. With --jobs FILE the
// files are named by a JSON array of {"base64", "network"?, "signer"?, "challenge"?}.
import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { asAddress } from './src/address.mjs'
import { asChallenge } from './src/check_words.mjs'
import { asNetwork } from './src/fields.mjs'
import { judge } from './src/verdict.mjs'

function known({ network, signer, challenge }) {
  return {
    network: network == null ? null : asNetwork(network, '--network'),
    signer: signer == null ? null : asAddress(signer, '--signer'),
    challenge: challenge == null ? null : asChallenge(challenge),
  }
}

function jobsOf(path) {
  return JSON.parse(readFileSync(path, 'utf8')).map(({ base64, ...options }) =>
    judge(Buffer.from(base64, 'base64'), known(options)))
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    network: { type: 'string' },
    signer: { type: 'string' },
    challenge: { type: 'string' },
    jobs: { type: 'string' },
  },
})
const verdicts = values.jobs === undefined
  ? positionals.map((path) => judge(readFileSync(path), known(values)))
  : jobsOf(values.jobs)
process.stdout.write(`${JSON.stringify(verdicts)}\n`)
process.exitCode = verdicts.every(({ ok }) => ok) ? 0 : 3
