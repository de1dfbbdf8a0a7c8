// An independent UR implementation behind one JSON document on stdin and one on stdout.
//
// {"command": "encode", "type": t, "cbor": hex, "maxFragmentLength": n, "count": n}
//   -> {"parts": [text], "milliseconds": n}
// {"command": "decode", "parts": [text]}
//   -> {"complete": bool, "type": t, "cbor": hex, "used": n, "milliseconds": n}
import { readFileSync } from 'node:fs'
import { performance } from 'node:perf_hooks'
import bcUr from '@ngraveio/bc-ur'

const { UR, UREncoder, URDecoder } = bcUr

function encode({ type, cbor, maxFragmentLength, count }) {
  const encoder = new UREncoder(new UR(Buffer.from(cbor, 'hex'), type), maxFragmentLength)
  const parts = []
  for (let index = 0; index < count; index += 1) parts.push(encoder.nextPart())
  return { parts }
}

function decode({ parts }) {
  const decoder = new URDecoder()
  let used = 0
  for (const part of parts) {
    if (decoder.isComplete()) break
    decoder.receivePart(part)
    used += 1
  }
  if (!decoder.isSuccess()) return { complete: false, used }
  const { type, cbor } = decoder.resultUR()
  return { complete: true, type, cbor: cbor.toString('hex'), used }
}

const request = JSON.parse(readFileSync(0, 'utf8'))
const started = performance.now()
const answer = { encode, decode }[request.command](request)
answer.milliseconds = performance.now() - started
process.stdout.write(JSON.stringify(answer))
