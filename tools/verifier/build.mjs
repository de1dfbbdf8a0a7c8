// Builds the page: node tools/verifier/build.mjs OUT. One file with everything in it, the same bytes
// from the same sources, whose policy (CSP) lets it ask nobody for anything.
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildSync } from 'esbuild'

const HOME = dirname(fileURLToPath(import.meta.url))
const source = (name) => readFileSync(join(HOME, 'src', name), 'utf8')

function script() {
  const { outputFiles } = buildSync({
    absWorkingDir: HOME,
    entryPoints: ['src/page.mjs'],
    bundle: true,
    write: false,
    minify: true,
    format: 'iife',
    target: 'es2022',
    charset: 'ascii',
    legalComments: 'inline',
  })
  return outputFiles[0].text
}

// The hashes of what stands in the page: nothing else in it is run or applied.
function hashed(text) {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`
}

function page() {
  const [code, style] = [script(), source('page.css')]
  if (/<\/(script|style)/i.test(code + style)) throw new Error('the sources would end their element')
  const policy = [
    "default-src 'none'", "connect-src 'none'", "form-action 'none'", "base-uri 'none'",
    `script-src ${hashed(code)}`, `style-src ${hashed(style)}`,
  ].join('; ')
  return source('page.html')
    .replace('{policy}', () => policy)
    .replace('{style}', () => style)
    .replace('{script}', () => code)
}

const out = process.argv[2]
const text = page()
mkdirSync(dirname(out), { recursive: true })
writeFileSync(out, text)
console.log(`${out}: ${text.length} bytes, SHA-256 ${createHash('sha256').update(text).digest('hex')}`)
