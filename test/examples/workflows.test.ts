/** .github, examples/github-actions and .pre-commit-hooks.yaml: valid workflows and working steps. */
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { ROOT } from '../root.js'
import { accepts, execute, missing, readYaml, serveFolder } from './programs.js'

interface Workflow {
  readonly permissions?: Readonly<Record<string, string>>
  readonly jobs: Readonly<Record<string, Job>>
}

interface Job {
  readonly permissions?: Readonly<Record<string, string>>
  readonly services?: Readonly<Record<string, { readonly env: Readonly<Record<string, string>> }>>
  readonly steps?: readonly { readonly uses?: string; readonly run?: string }[]
}

const WORKFLOWS = ['.github/workflows', 'examples/github-actions'].flatMap((folder) =>
  readdirSync(join(ROOT, folder)).map((name) => join(folder, name)),
)

test('actionlint reports no problem', { skip: missing('actionlint') }, async (t) => {
  // Other linters that actionlint calls are not on every machine.
  const lint = (...args: string[]) => execute('actionlint', ['-shellcheck=', '-pyflakes=', '-no-color', ...args])
  accepts(t, await lint(...WORKFLOWS))
  const bad = join(
    t.testdir({ 'bad.yml': 'on: push\njobs: { one: { runs-on: ubuntu-24.04, stepps: [] } }\n' }),
    'bad.yml',
  )
  t.not((await lint(bad)).code, 0, 'it refuses what is no workflow')
})

test('workflows have minimal permissions and their actions have versions', async (t) => {
  for (const file of WORKFLOWS) {
    const { permissions, jobs } = readYaml<Workflow>(file)
    t.strictSame(permissions, { contents: 'read' }, file)
    for (const { uses } of Object.values(jobs).flatMap(({ steps }) => steps ?? [])) {
      if (uses !== undefined) t.match(uses, /^(actions|docker)\/[a-z-]+@v[0-9]+$/, file)
    }
  }
  const { image, npm } = readYaml<Workflow>('.github/workflows/release.yml').jobs
  t.strictSame(image!.permissions, { contents: 'read', packages: 'write' })
  t.strictSame(npm!.permissions, { contents: 'read', 'id-token': 'write' })
})

test('the steps of the example log a user in', { skip: missing('bash', 'curl', 'jq') }, async (t) => {
  const { login } = readYaml<Workflow>('examples/github-actions/login.yml').jobs
  const folder = t.testdir({ 'users.yaml': '[]\n' })
  writeFileSync(join(folder, 'config.yaml'), login!.services!.op!.env.OIDC_PROVIDER_MOCK_CONFIG_INLINE!)
  const env = { ISSUER: await serveFolder(t, folder) }
  const step = login!.steps!.findLast(({ run }) => run !== undefined)!.run!
  const logIn = (script: string) => execute('bash', ['-e', '-o', 'pipefail'], { input: script, env })
  t.match(await logIn(step), { code: 0, stdout: 'true\n' })
  t.not((await logIn(step.replace('-d sub=alice', '-d sub=bob'))).code, 0, 'it fails for somebody else')
})

test('the pattern of the hook matches the documented file names', async (t) => {
  const [hook] = readYaml<{ entry: string; files: string }[]>('.pre-commit-hooks.yaml')
  const files = new RegExp(hook!.files)
  for (const name of [
    'oidc-provider-mock.yaml',
    'a/oidc-provider-mock.staging.yml',
    'a/oidc-provider-mock/users.json',
  ]) {
    t.match(name, files)
  }
  for (const name of [
    'config.yaml',
    'oidc-provider-mock/deployment.yaml',
    'my-oidc-provider-mock.yaml',
    'users.yaml',
  ]) {
    t.notMatch(name, files)
  }
  const [command, subcommand] = hook!.entry.split(' ')
  const { bin, scripts } = readYaml<{ bin: object; scripts: object }>('package.json')
  t.hasProp(bin, command!)
  t.equal(subcommand, 'validate')
  t.hasProp(scripts, 'prepare', 'what npm runs where it installs from git')
})
