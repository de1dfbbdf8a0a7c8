// The page in Chromium, driven by the debugging protocol over pipes: one JSON document on stdin,
// {"chromium", "profile", "page", "proxy", "policy", "files", "expressions"}, and one on stdout, {"sections":
// [[tag, class, text]], "values": [what each expression came to], "asked": [each URL that it asks for]}.
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'

const job = JSON.parse(readFileSync(0, 'utf8'))
const child = spawn(job.chromium, [
  '--headless=new', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage', '--remote-debugging-pipe',
  '--no-first-run', '--disable-extensions', '--disable-client-side-phishing-detection', '--disable-background-networking', '--disable-component-update', '--disable-sync',
  '--disable-default-apps', '--disable-domain-reliability', '--metrics-recording-only', '--no-pings',
  '--disable-features=NetworkTimeServiceQuerying,OptimizationHints,MediaRouter', `--user-data-dir=${job.profile}`,
  `--proxy-server=${job.proxy}`, '--proxy-bypass-list=<-loopback>', 'about:blank',
], { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] })
const [, , , commands, answers] = child.stdio
const waiting = new Map()
let number = 0
let rest = ''
const asked = []

answers.on('data', (data) => {
  const texts = (rest + data).split('\0')
  rest = texts.pop()
  for (const message of texts.map((text) => JSON.parse(text))) {
    if (message.method === 'Network.requestWillBeSent') asked.push(message.params.request.url)
    if (message.method === 'Network.webSocketCreated') asked.push(message.params.url)
    if (message.id === undefined) continue
    const { resolve, reject } = waiting.get(message.id)
    waiting.delete(message.id)
    if (message.error) reject(new Error(JSON.stringify(message.error)))
    else resolve(message.result)
  }
})

function send(method, params = {}, sessionId = undefined) {
  number += 1
  commands.write(`${JSON.stringify({ id: number, method, params, sessionId })}\0`)
  return new Promise((resolve, reject) => waiting.set(number, { resolve, reject }))
}

async function run() {
  const { targetId } = await send('Target.createTarget', { url: 'about:blank' })
  const { sessionId } = await send('Target.attachToTarget', { targetId, flatten: true })
  await send('Network.enable', {}, sessionId)
  await send('Page.navigate', { url: job.page }, sessionId)
  const evaluate = async (expression) => {
    const { result, exceptionDetails } = await send('Runtime.evaluate', {
      expression, returnByValue: true, awaitPromise: true,
    }, sessionId)
    return exceptionDetails ? { thrown: exceptionDetails.exception?.description ?? 'thrown' } : result.value
  }
  const until = async (expression) => {
    while (!(await evaluate(expression))) await new Promise((resolve) => setTimeout(resolve, 50))
  }
  await until("document.readyState === 'complete' && location.href !== 'about:blank'")
  const choose = async (selector, files) => {
    const { root } = await send('DOM.getDocument', {}, sessionId)
    const { nodeId } = await send('DOM.querySelector', { nodeId: root.nodeId, selector }, sessionId)
    await send('DOM.setFileInputFiles', { nodeId, files }, sessionId)
  }
  if (job.policy !== null) await choose('#policy', [job.policy])
  if (job.files.length > 0) {
    await choose('#files', job.files)
    await until("document.querySelector('#verdict > *') !== null")
  }
  const sections = await evaluate(
    "[...document.querySelectorAll('#verdict > *')].map((one) => [one.tagName, one.className, one.innerText])")
  const values = []
  for (const expression of job.expressions) values.push(await evaluate(expression))
  await send('Browser.close').catch(() => {})
  return { sections, values, asked }
}

const limit = setTimeout(() => { child.kill('SIGKILL'); process.exit(3) }, 40_000)
const result = await run()
clearTimeout(limit)
child.once('exit', () => process.exit(0))
process.stdout.write(JSON.stringify(result))
