/** `.ci/audit`: its verdicts on signatures and vulnerabilities, and audits that a registry does not offer. */
import { chmodSync } from 'node:fs'
import { type Test, test } from 'tap'
import { accepts, execute, missing } from './examples/programs.js'
import { listen } from './listener.js'

const skip = missing('bash', 'jq', 'npm')
const SIGNED = JSON.stringify({ invalid: [], missing: [] })
const NO_KEYS = JSON.stringify({
  error: { summary: 'found no dependencies to audit that were installed from a supported registry' },
})

/**
 * Runs the audits against a registry on this machine with these advisories, or without the endpoint of advisories.
 * npm verifies signatures with keys of Sigstore, which is not on this machine, so its output stands in a script.
 */
async function audit(t: Test, signatures: { output: string; code: number }, advisories?: object) {
  const registry = await listen(t, (_count, { url = '' }) =>
    url.endsWith('/advisories/bulk') && advisories !== undefined
      ? { body: JSON.stringify(advisories) }
      : { status: 404, body: '{}' },
  )
  const folder = t.testdir({
    npm: `#!/bin/sh
if [ "$2" = signatures ]; then echo '${signatures.output}'; exit ${signatures.code}; fi
PATH=\${PATH#*:} exec npm "$@"
`,
  })
  chmodSync(`${folder}/npm`, 0o755)
  return await execute('.ci/audit', [], {
    env: {
      PATH: `${folder}:${process.env.PATH}`,
      npm_config_registry: `${registry.url}/`,
    },
  })
}

test('verified signatures and no advisories pass', { skip }, async (t) => {
  const result = await audit(t, { output: SIGNED, code: 0 }, {})
  accepts(t, result)
  t.match(result.stdout, /^ok - signatures.*\nok - known vulnerabilities.*\n$/)
})

test('a wrong signature fails', { skip }, async (t) => {
  const wrong = JSON.stringify({
    invalid: [{ code: 'EINTEGRITYSIGNATURE', name: 'jose', version: '6.2.18' }],
    missing: [],
  })
  const { code, stdout } = await audit(t, { output: wrong, code: 1 }, {})
  t.equal(code, 1)
  t.match(stdout, /^not ok - signatures.*EINTEGRITYSIGNATURE.*\nok - known vulnerabilities/s)
})

test('a signature by an unknown or an expired key fails', { skip }, async (t) => {
  for (const name of ['EMISSINGSIGNATUREKEY', 'EEXPIREDSIGNATUREKEY']) {
    const output = JSON.stringify({ error: { code: name, summary: 'jose@6.2.18 has a registry signature' } })
    const { code, stdout } = await audit(t, { output, code: 1 }, {})
    t.equal(code, 1)
    t.match(stdout, new RegExp(`^not ok - signatures.*\n.*${name}`))
  }
})

test('keys that are out of reach are reported, and nothing fails', { skip }, async (t) => {
  const output = JSON.stringify({ error: { code: 'ENOTFOUND', summary: 'getaddrinfo ENOTFOUND keys.example' } })
  const result = await audit(t, { output, code: 1 }, {})
  accepts(t, result)
  t.match(result.stdout, /^skipped - signatures.*ENOTFOUND keys\.example\nok - known vulnerabilities/)
})

test('a known vulnerability of a package needed at run time fails', { skip }, async (t) => {
  const advisory = {
    id: 1,
    url: 'https://example.com/1',
    title: 'Forged tokens',
    severity: 'high',
    vulnerable_versions: '*',
  }
  const { code, stdout } = await audit(t, { output: SIGNED, code: 0 }, { jose: [advisory] })
  t.equal(code, 1)
  t.match(stdout, /^ok - signatures.*\nnot ok - known vulnerabilities.*Forged tokens/s)
})

test('a vulnerability of a package needed for development only passes', { skip }, async (t) => {
  const advisory = { id: 1, url: 'https://example.com/1', title: 'Forged', severity: 'high', vulnerable_versions: '*' }
  accepts(t, await audit(t, { output: SIGNED, code: 0 }, { esbuild: [advisory] }))
})

test('a registry without keys and advisories is reported, and nothing fails', { skip }, async (t) => {
  const result = await audit(t, { output: NO_KEYS, code: 1 })
  accepts(t, result)
  t.match(result.stdout, /^skipped - signatures.*supported registry\nskipped - known vulnerabilities.*404 Not Found/)
})

test('an audit that ends for another reason fails', { skip }, async (t) => {
  const { code, stdout } = await audit(t, { output: 'npm is broken', code: 1 }, {})
  t.equal(code, 1)
  t.match(stdout, /^not ok - signatures.*\nnpm is broken\n/)
})
