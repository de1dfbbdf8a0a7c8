// The page: files in, a verdict out. What comes from a file is only ever set as text.
import { asAddress } from './address.mjs'
import { asChallenge } from './check_words.mjs'
import { Refused } from './refused.mjs'
import { printable } from './review.mjs'
import { judge, placeBeside } from './verdict.mjs'

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
    const ofPlace = (place) => contents.filter(({ bytes }) => placeBeside(bytes) === place)
    const [approvals, markets] = [ofPlace('approvals'), ofPlace('markets')]
    const documents = ofPlace(null)
    // Without a document a table is looked at for itself.
    const isBeside = documents.length > 0
    const options = {
      ...(await known()),
      approvals: approvals.map(({ bytes }) => bytes),
      markets: isBeside ? markets.map(({ bytes }) => bytes) : [],
    }
    return (isBeside ? documents : [...markets, ...approvals]).flatMap(({ name, bytes }) =>
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
  if (verdict.what === 'market') {
    yield* tableSections(verdict)
    return
  }
  if (verdict.what === 'change') {
    yield* changeSections(verdict)
    return
  }
  const isSigned = verdict.what === 'signed'
  yield element('p', isSigned ? 'Signed, and unchanged since.' : 'Well-formed, and not signed yet.', 'good')
  for (const item of verdict.items) {
    if (item.isBare) yield element('p', "Bare: nonce and expiry are this machine's, so hash and words fit no other.", 'bad')
    yield table([...item.review, ...item.warnings.map(({ code, text }) => [`Warning: ${code}`, printable(text)]),
      ...facts(item, isSigned)])
  }
  yield table([['Check words', verdict.checkWords ?? 'none: who signs is not said'],
    ...(verdict.answer === undefined ? [] : [['Answer', verdict.answer ?? 'none: who signs is not said']])])
  yield* approvalSections(verdict)
}

function facts({ signer, actionHash, digest }, isSigned) {
  const who = signer ?? 'not said'
  return [[isSigned ? 'Signed by' : 'Signer', who], ['Action hash', actionHash], ['Digest', digest]]
}

function* tableSections({ network, lines, list, policy, attestedBy, approved }) {
  if (policy === undefined) yield element('p', 'No policy was given: who attests this table was not checked.')
  else yield element('p', approved ? 'Attested as the policy asks.' : 'NOT attested as the policy asks.', approved ? 'good' : 'bad')
  yield table([['Network', network], ['List', list === null ? 'none: no statement can hold these lines' : `sha256:${list.slice(2)}`],
    ...(policy === undefined ? [] : [['Attested by', attestedBy.join(', ') || 'nobody']]),
    ['Markets', lines === null ? 'not shown' : lines.join('\n')]])
}

function* changeSections({ old, new: after, text, agreed, missing, approved }) {
  yield element('p', approved ? 'Agreed to, as both policies ask.' : 'NOT agreed to as both policies ask.', approved ? 'good' : 'bad')
  const say = (one) => (one === null ? 'none' : `${one.version} sha256:${one.digest.slice(2)}`)
  yield table([['From', say(old)], ['To', say(after)], ['Agreed by', agreed.join(', ') || 'nobody'],
    ['Missing for the policy', missing.join(', ') || 'none'], ['The new policy', text === null ? 'none' : text.split('\n').map(printable).join('\n')]])
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
