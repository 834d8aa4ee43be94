/** .github, examples/github-actions and .pre-commit-hooks.yaml: valid workflows and working steps. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
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
  readonly steps?: readonly Step[]
  readonly uses?: string
  readonly needs?: readonly string[]
  readonly 'timeout-minutes'?: number
}

interface Step {
  readonly uses?: string
  readonly run?: string
  readonly with?: Readonly<Record<string, unknown>>
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

/** The jobs that call another workflow. */
const listCalls = ({ jobs }: Workflow) => Object.values(jobs).filter(({ uses }) => uses)

for (const file of WORKFLOWS) {
  const text = readFileSync(join(ROOT, file), 'utf8')
  const workflow = readYaml<Workflow>(file)
  const steps = Object.values(workflow.jobs).flatMap((job) => job.steps ?? [])

  test(`${file}: each action is pinned by the digest of a commit, with its version`, async (t) => {
    const lines = [...text.matchAll(/\buses: (.*)$/gm)].map(([, target = '']) => target)
    t.equal(lines.length, steps.filter(({ uses }) => uses).length + listCalls(workflow).length)
    for (const line of lines) {
      t.match(line, /^(actions|docker)\/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$|^\.\/\.github\/workflows\/\w+\.yml$/)
    }
  })

  test(`${file}: no permission to write by default, and no token left for later steps`, async (t) => {
    t.strictSame(workflow.permissions, { contents: 'read' })
    for (const { uses, with: inputs } of steps) {
      if (uses?.startsWith('actions/checkout@')) t.equal(inputs?.['persist-credentials'], false)
    }
    t.strictSame(
      [...text.matchAll(/secrets\.(\w+)/g)].map(([, name]) => name).filter((name) => name !== 'GITHUB_TOKEN'),
      [],
    )
  })

  test(`${file}: no expression is part of a script, and no code of a fork runs with rights`, async (t) => {
    for (const { run = '' } of steps) t.notMatch(run, '${{')
    t.notMatch(text, /pull_request_target|workflow_run/)
  })

  test(`${file}: each job ends`, async (t) => {
    for (const job of Object.values(workflow.jobs)) t.ok(job.uses ?? job['timeout-minutes'])
  })
}

test('only the jobs that publish may write, and they run after all checks', async (t) => {
  const { image, npm, release, ...others } = readYaml<Workflow>('.github/workflows/release.yml').jobs
  t.match(image, { permissions: { contents: 'read', packages: 'write' }, needs: ['version', 'test', 'audit'] })
  t.match(npm, { permissions: { contents: 'read', 'id-token': 'write' }, needs: ['version', 'test', 'audit'] })
  t.match(release, { permissions: { contents: 'write' }, needs: ['image', 'npm'] })
  const rest = WORKFLOWS.filter((file) => file !== '.github/workflows/release.yml')
  const jobs = [others, ...rest.map((file) => readYaml<Workflow>(file).jobs)].flatMap((some) => Object.values(some))
  for (const { permissions } of jobs) t.equal(permissions, undefined)
  t.strictSame(
    [others.test!.uses, others.audit!.uses],
    ['./.github/workflows/test.yml', './.github/workflows/audit.yml'],
  )
})

test('nothing that is published comes from a cache', async (t) => {
  for (const [name, { steps = [] }] of Object.entries(readYaml<Workflow>('.github/workflows/release.yml').jobs)) {
    for (const { uses = '', with: inputs = {} } of steps) {
      if (uses.startsWith('actions/setup-node@')) t.equal(inputs['package-manager-cache'], false, name)
      if (uses.startsWith('docker/setup-buildx-action@')) t.equal(inputs['cache-binary'], false, name)
      t.strictSame(
        Object.keys(inputs).filter((input) => /^cache(-from|-to)?$/.test(input)),
        [],
        name,
      )
    }
  }
})

test('the image, its SBOM and its provenance are published together', async (t) => {
  const { image } = readYaml<Workflow>('.github/workflows/release.yml').jobs
  const build = image!.steps!.find(({ uses }) => uses?.startsWith('docker/build-push-action@'))
  t.match(build!.with, { push: true, sbom: true, provenance: 'mode=max' })
})

test('the bot updates every kind of pinned dependency', async (t) => {
  const { updates } = readYaml<{
    updates: readonly { 'package-ecosystem': string; directory?: string; directories?: string[] }[]
  }>('.github/dependabot.yml')
  const kinds = updates.map((one) => [one['package-ecosystem'], ...(one.directories ?? [one.directory])])
  t.strictSame(kinds, [
    ['npm', '/'],
    ['github-actions', '/', '/examples/github-actions'],
    ['docker', '/'],
    ['docker-compose', '/'],
  ])
})

test('base images are pinned by digest, and the image runs as a user with a number', async (t) => {
  const text = readFileSync(join(ROOT, 'Dockerfile'), 'utf8')
  const bases = [...text.matchAll(/^FROM (\S+)/gm)].map(([, base = '']) => base)
  t.equal(bases.length, 2)
  for (const base of bases) t.match(base, /^[\w./-]+:[\w.-]+@sha256:[0-9a-f]{64}$/)
  t.match(text.slice(text.lastIndexOf('FROM ')), /^USER [1-9]\d*:[1-9]\d*$/m)
  t.match(text, 'npm ci --ignore-scripts')
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
  for (const name of ['dependencies', 'prepack']) t.hasProp(scripts, name, 'what npm runs where it installs from git')
})
