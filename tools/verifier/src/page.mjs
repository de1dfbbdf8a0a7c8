// The page: files in, a verdict out. What comes from a file is only ever set as text.
import { asAddress } from './address.mjs'
import { asChallenge } from './check_words.mjs'
import { Refused } from './refused.mjs'
import { printable } from './review.mjs'
import { judge, looksLikeApprovals } from './verdict.mjs'

const byId = (id) => document.getElementById(id)
let dropped = []

function element(tag, text, className = '') {
  const made = document.createElement(tag)
  made.textContent = text
  made.className = className
  return made
}

function table(rows) {
  const made = document.createElement('table')
  for (const [label, text] of rows) {
    const row = made.insertRow()
    row.append(element('th', label), element('td', text))
  }
  return made
}

async function bytesOf(file) {
  return new Uint8Array(await file.arrayBuffer())
}

function filled(id, read) {
  const text = byId(id).value.trim()
  return text === '' ? null : read(text)
}

async function known() {
  const [policy] = byId('policy').files
  return {
    network: filled('network', (text) => text),
    signer: filled('signer', (text) => asAddress(text, 'the signer you named')),
    challenge: filled('challenge', asChallenge),
    policy: policy === undefined ? null : await bytesOf(policy),
    now: BigInt(Date.now()),
  }
}

// Of two runs at a time the later one counts: nothing of an earlier choice may stand beside it.
let latest = 0

async function show() {
  latest += 1
  const own = latest
  byId('verdict').replaceChildren()
  const made = await judged()
  if (own === latest) byId('verdict').replaceChildren(...made)
}

async function judged() {
  try {
    const files = dropped.length > 0 ? dropped : [...byId('files').files]
    const contents = await Promise.all(files.map(async (file) => ({ name: file.name, bytes: await bytesOf(file) })))
    const approvals = contents.filter(({ bytes }) => looksLikeApprovals(bytes))
    const documents = contents.filter((one) => !approvals.includes(one))
    const options = { ...(await known()), approvals: approvals.map(({ bytes }) => bytes) }
    return (documents.length > 0 ? documents : approvals).flatMap(({ name, bytes }) =>
      [element('h2', printable(name)), ...sections(judge(bytes, options))])
  } catch (error) {
    const reason = error instanceof Refused ? `${error.path}: ${error.message}` : `nothing was checked: ${error}`
    return [element('p', printable(reason), 'bad')]
  }
}

function* sections(verdict) {
  if (!verdict.ok) {
    const { code, path, message } = verdict.error
    yield element('p', `Refused (${code}) at ${printable(path)}: ${printable(message)}`, 'bad')
    return
  }
  if (verdict.what === 'approvals') {
    yield element('p', 'Approvals: give the document that they are for, and the policy.', 'bad')
    return
  }
  const isSigned = verdict.what === 'signed'
  yield element('p', isSigned ? 'Signed, and unchanged since.' : 'Well-formed, and not signed yet.', 'good')
  for (const item of verdict.items) yield table([...item.review, ...facts(item, isSigned)])
  yield table([['Check words', verdict.checkWords ?? 'none: who signs is not said'],
    ...(verdict.answer === undefined ? [] : [['Answer', verdict.answer ?? 'none: who signs is not said']])])
  yield* approvalSections(verdict)
}

function facts({ signer, actionHash, digest }, isSigned) {
  const who = signer ?? 'not said'
  return [[isSigned ? 'Signed by' : 'Signer', who], ['Action hash', actionHash], ['Digest', digest]]
}

function* approvalSections({ policy, cases, approved }) {
  if (policy === undefined) {
    yield element('p', 'No policy was given: who approved this was not checked.')
    return
  }
  yield element('p', approved ? 'Approved as the policy asks.' : 'NOT approved as the policy asks.', approved ? 'good' : 'bad')
  yield table([['Policy', `${policy.name}, version ${policy.version}`], ['Digest', policy.digest],
    ...cases.flatMap(({ rules, approvedBy, rejectedBy, proposedBy }) => [
      ['Rules', rules.join(', ')], ['Approved by', approvedBy.join(', ') || 'nobody'],
      ['Rejected by', rejectedBy.join(', ') || 'nobody'], ['Proposed by', proposedBy.join(', ') || 'nobody'],
    ])])
}

byId('files').addEventListener('change', () => { dropped = [] })
for (const id of ['files', 'policy', 'network']) byId(id).addEventListener('change', show)
for (const id of ['signer', 'challenge']) byId(id).addEventListener('input', show)
byId('form').addEventListener('submit', (event) => event.preventDefault())
document.addEventListener('dragover', (event) => event.preventDefault())
document.addEventListener('drop', (event) => {
  event.preventDefault()
  dropped = [...event.dataTransfer.files]
  show()
})
