/** The examples are valid, start as they are, and serve a login. */
import { execFile } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { decodeJwt } from 'jose'
import { test } from 'tap'
import { parse } from 'yaml'
import { loadSnapshot } from '../src/config/load.js'
import { createSelfSigned } from '../src/tls/self_signed.js'
import { run, serve } from './cli/program.js'
import { listKeys } from './docs/tables.js'
import { ROOT } from './root.js'

const EXAMPLES = join(ROOT, 'examples')
const FILES = readdirSync(EXAMPLES).filter((file) => file.endsWith('.yaml'))
const REDIRECT_URI = 'http://localhost:3000/callback'

/** The client whose requests each example answers. */
const CLIENTS: Readonly<Record<string, { client_id: string; client_secret: string }>> = {
  'full.yaml': { client_id: 'web', client_secret: 'web-secret' },
}

/** In full.yaml these stand in comments, since each needs a file, or https, which needs clients that trust it. */
const COMMENTED = [
  ['server', 'tls'],
  ...['cert', 'key', 'self_signed', 'names', 'ca_file', 'client_certificates', 'client_ca'].map((key) => [
    'server',
    'tls',
    key,
  ]),
  ['server', 'http_port'],
  ...['subject_dn', 'san_uri', 'san_ip', 'san_email'].map((what) => ['clients', '*', `tls_client_auth_${what}`]),
  ['keys', '*', 'file'],
  ['keys', '*', 'keep_in'],
  ['encryption_keys', '*', 'file'],
  ['encryption_keys', '*', 'keep_in'],
  ['outbound', 'ca'],
  ['auto_login'],
  ['clock', 'start'],
  ['preset'],
]

test('each example is valid without variables and starts', async (t) => {
  t.ok(FILES.length >= 3)
  for (const file of FILES) {
    t.test(file, async (t) => {
      const path = join(EXAMPLES, file)
      t.match(await run(['validate', path]), { code: 0, stdout: `${path}: valid\n` })
      const { issuer, line } = await serve(t, ['--config', path])
      const { port } = JSON.parse(await line(/bound to|listening on/)).msg.match(/:(?<port>\d+)$/).groups
      const base = file === 'full.yaml' ? `http://localhost:${port}` : issuer
      const { claims, userinfo } = await logIn(base, CLIENTS[file] ?? { client_id: 'any', client_secret: 'any' })
      t.match(claims, { sub: 'alice', name: 'Alice Anders', email: 'alice@example.com' })
      t.match(userinfo, { sub: 'alice', name: 'Alice Anders', email: 'alice@example.com' })
    })
  }
})

async function logIn(base: string, client: { client_id: string; client_secret: string }) {
  const query = new URLSearchParams({
    client_id: client.client_id,
    redirect_uri: REDIRECT_URI,
    response_type: 'code',
    scope: 'openid profile email',
  })
  const body = new URLSearchParams({ sub: 'alice' })
  const answer = await fetch(`${base}/oauth2/authorize?${query}`, { method: 'POST', body, redirect: 'manual' })
  const code = new URL(answer.headers.get('location') ?? '').searchParams.get('code') ?? ''
  const exchange = { grant_type: 'authorization_code', code, redirect_uri: REDIRECT_URI, ...client }
  const tokens = (await (
    await fetch(`${base}/oauth2/token`, { method: 'POST', body: new URLSearchParams(exchange) })
  ).json()) as { access_token: string; id_token: string }
  const headers = { authorization: `Bearer ${tokens.access_token}` }
  const userinfo = (await (await fetch(`${base}/userinfo`, { headers })).json()) as object
  return { claims: decodeJwt(tokens.id_token), userinfo }
}

test('each configuration refers to the schema for editors', async (t) => {
  for (const file of FILES) {
    const text = readFileSync(join(EXAMPLES, file), 'utf8')
    const [, schema = ''] = /^# yaml-language-server: \$schema=(\S+)\n/.exec(text) ?? []
    t.ok(schema !== '' && existsSync(join(EXAMPLES, schema)), file)
    // A flat list of users has one of its own.
    t.equal(schema, Array.isArray(parse(text)) ? '../schema/users.schema.json' : '../dist/config.schema.json', file)
  }
})

test('full.yaml has every key of the schema, with a comment above each', async (t) => {
  const text = readFileSync(join(EXAMPLES, 'full.yaml'), 'utf8')
  // Of these a client has one only.
  const config = parse(switchOver(switchOn(text)).replaceAll(/^ {4}# (tls_client_auth_\w+: )/gm, '    $1'))
  for (const path of listKeys()) t.ok(has(config, path), path.join('.'))
  const used = parse(text)
  const missing = listKeys().filter((path) => !has(used, path))
  t.strictSame(missing, COMMENTED, 'all but these are in use')
})

test('the commented parts of full.yaml work', async (t) => {
  const folder = t.testdir({ examples: {}, schema: {} })
  mkdirSync(join(folder, 'examples'), { recursive: true })
  for (const name of ['signing-key.pem', 'encryption-key.pem']) {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    writeFileSync(join(folder, 'examples', name), privateKey.export({ type: 'pkcs8', format: 'pem' }))
  }
  const { cert, key, ca } = await createSelfSigned(['localhost'], Math.floor(Date.now() / 1000))
  writeFileSync(join(folder, 'examples/tls.crt'), cert)
  writeFileSync(join(folder, 'examples/tls.key'), key)
  writeFileSync(join(folder, 'examples/authorities.pem'), ca)
  const config = join(folder, 'examples/full.yaml')
  const text = switchOn(readFileSync(join(EXAMPLES, 'full.yaml'), 'utf8'))
  writeFileSync(config, text)
  const env = { EXAMPLE_ISSUER: 'http://other.example' }
  const { keys, encryption_keys, outbound, tls } = await loadSnapshot({ config, overrides: [], env })
  t.match(tls, { credentials: { cert, key } })
  t.strictSame(
    keys.map(({ alg }) => alg),
    ['RS256', 'ES256', 'EdDSA', 'PS256', 'ES384'],
  )
  t.strictSame(
    encryption_keys.map(({ alg }) => alg),
    ['RSA-OAEP', 'ECDH-ES', 'ECDH-ES+A128KW', 'RSA-OAEP-256', 'ECDH-ES+A256KW'],
  )
  t.equal(outbound.ca, ca.trim())
  t.ok(existsSync(join(folder, 'examples/kept-key.json')))
  t.ok(existsSync(join(folder, 'examples/kept-encryption-key.json')))
  writeFileSync(config, switchOver(text).replaceAll(/^ {4}(cert|key): .*\n/gm, ''))
  const other = await loadSnapshot({ config, overrides: [], env: {} })
  t.strictSame(other.tls, {
    names: ['localhost', 'op'],
    ca_file: join(folder, 'examples/ca.pem'),
    client_certificates: { ca },
  })
})

/** The text with its commented entries in force. */
function switchOn(text: string): string {
  const inside = text.replaceAll(/^ {2}# (- alg: |tls:$|http_port: |ca: |start: | {2}\w+: | {2}#)/gm, '  $1')
  return inside.replaceAll(/^# (preset|auto_login): /gm, '$1: ')
}

/** With what stands in place of the certificate's files in force, too. */
function switchOver(text: string): string {
  return text.replaceAll(/^ {4}# ((self_signed|names|ca_file): )/gm, '    $1')
}

/** Whether there is something at the path; `*` is any item or member. */
function has(value: unknown, [name, ...rest]: readonly string[]): boolean {
  if (name === undefined) return value !== undefined
  if (typeof value !== 'object' || value === null) return false
  if (name === '*') return Object.values(value).some((inner) => has(inner, rest))
  return Object.hasOwn(value, name) && has((value as Record<string, unknown>)[name], rest)
}

test('login.mjs logs in with a client library', async (t) => {
  const { issuer } = await serve(t, ['--config', join(EXAMPLES, 'minimal.yaml')])
  const script = join(EXAMPLES, 'login.mjs')
  const { stdout } = await promisify(execFile)(process.execPath, [script, `${issuer}/issuers/example`, 'alice'])
  t.match(JSON.parse(stdout), {
    id_token: { iss: `${issuer}/issuers/example`, sub: 'alice', aud: 'example' },
    userinfo: { sub: 'alice', email: 'alice@example.com' },
  })
})

test('login.mjs prints the reason of a refused login', async (t) => {
  const { issuer } = await serve(t, ['--require-registration'])
  const running = promisify(execFile)(process.execPath, [join(EXAMPLES, 'login.mjs'), issuer, 'alice'])
  await t.rejects(running, { message: /the login was not answered with a redirect, but with 400/ })
})
