/** Checks the YAML of the pages: configurations, and files of other programs as far as possible. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { parse, stringify } from 'yaml'
import { loadSnapshot } from '../../src/config/load.js'
import { createSelfSigned } from '../../src/tls/self_signed.js'
import { accepts, execute, missing } from '../examples/programs.js'
import { ROOT } from '../root.js'
import { executeShell, installCommand } from './snippets.js'

/** Kubernetes resources without a local schema: those of GitOps programs. */
const NOT_CHECKED: readonly string[] = ['argoproj.io/v1alpha1', 'kustomize.toolkit.fluxcd.io/v1']

interface Foreign {
  readonly services?: Readonly<Record<string, object>>
  readonly environment?: Readonly<Record<string, string>>
  readonly repos?: readonly { readonly hooks: readonly { readonly id: string }[] }[]
  readonly validate?: { readonly script: string }
  readonly apiVersion?: string
  readonly kind?: string
  readonly data?: Readonly<Record<string, string>>
}

/** Checks of files of other programs, by their first key. */
const FOREIGN: Readonly<Record<string, (t: Test, document: Foreign) => Promise<void>>> = {
  services: checkCompose,
  volumes: checkCompose,
  environment: checkCompose,
  depends_on: checkCompose,
  repos: checkHooks,
  validate: checkScript,
  apiVersion: checkManifest,
}

export async function checkYaml(t: Test, text: string): Promise<void> {
  const document = parse(text) as Foreign
  const check = FOREIGN[Object.keys(document)[0] ?? '']
  await (check === undefined ? checkConfig(t, text) : check(t, document))
}

async function checkConfig(t: Test, text: string): Promise<void> {
  const { cert, key } = await createSelfSigned(['localhost'], Math.floor(Date.now() / 1000))
  const folder = t.testdir({ 'config.yaml': text, 'tls.crt': cert, 'tls.key': key })
  const env = Object.fromEntries([...text.matchAll(/\$\{(\w+)\}/g)].map(([, name = '']) => [name, 'value']))
  await t.resolves(loadSnapshot({ config: join(folder, 'config.yaml'), overrides: [], env }))
}

/** Checks a file of Docker Compose or a part of a service. */
async function checkCompose(t: Test, document: Foreign): Promise<void> {
  const inline = document.environment?.OIDC_PROVIDER_MOCK_CONFIG_INLINE
  if (inline !== undefined) {
    await t.resolves(loadSnapshot({ config_text: { name: 'inline', text: inline }, overrides: [], env: {} }))
  }
  const services = document.services ?? { op: { image: 'op' }, app: { image: 'app', ...document } }
  const file = join(t.testdir({ 'compose.yml': stringify({ services }) }), 'compose.yml')
  await t.test('the Compose Specification', { skip: missing('compose-spec') }, async (t) => {
    accepts(t, await execute('compose-spec', [file]))
  })
}

/** Checks that the hooks are those of this project. */
async function checkHooks(t: Test, { repos = [] }: Foreign): Promise<void> {
  const ours = parse(readFileSync(join(ROOT, '.pre-commit-hooks.yaml'), 'utf8')) as { id: string }[]
  for (const { id } of repos.flatMap(({ hooks }) => hooks)) t.ok(ours.map((hook) => hook.id).includes(id), id)
}

/** Runs the script of a GitLab CI job with an installed package. */
async function checkScript(t: Test, { validate }: Foreign): Promise<void> {
  const folder = t.testdir({ identities: { 'config.yaml': 'users: [{ sub: alice }]\n', 'users.yaml': '- sub: bob\n' } })
  installCommand(folder)
  const lines = validate!.script.replace(/^npx --yes /, '')
  t.match(await executeShell({ folder, issuer: '' }, lines), { code: 0 }, lines)
}

async function checkManifest(t: Test, { apiVersion = '', kind, data }: Foreign): Promise<void> {
  if (kind === 'ConfigMap') await checkConfig(t, data!['config.yaml']!)
  else t.ok(NOT_CHECKED.includes(apiVersion), apiVersion)
}
