/** The documentation says what is: tables, links, and every snippet. */
import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Page } from 'playwright-core'
import { type Test, test } from 'tap'
import { RESTART_KEYS } from '../src/generated/values.js'
import { PATHS } from '../src/routes.js'
import { browserTest } from './browser.js'
import { serve } from './cli/program.js'
import { type Block, listAnchors, listBlocks, listLinks, PAGES, readPage } from './docs/markdown.js'
import {
  type Bench,
  execute,
  executeShell,
  installCommand,
  layOut,
  promisedOutput,
  readConsole,
  typeProblems,
  writeModule,
} from './docs/snippets.js'
import { TABLES } from './docs/tables.js'
import { checkYaml } from './docs/yaml.js'
import { accepts, execute as executeProgram } from './examples/programs.js'
import { NO_NGINX } from './proxy/nginx.js'
import { ROOT } from './root.js'

const BLOCKS = listBlocks()
const README_CONFIG = BLOCKS.find(({ language }) => language === 'yaml')!.text

const NEEDS_ENGINE = 'needs a container engine; test/image.sh tries the image, and here its arguments are tried'

/** Blocks that nothing here runs, by how they begin, each with the reason. */
const NOT_RUN: Readonly<Record<string, string>> = {
  'npm ci && npm start': 'would install the packages that this test runs on',
  'npm ci && npm test': 'would run this test; .ci/run takes the command from the page',
  'docker build ': NEEDS_ENGINE,
  'docker run ': NEEDS_ENGINE,
  'docker compose ': 'needs a container engine; test/examples/compose.test.ts has a login with what the file sets',
  'kubectl ': 'needs a cluster; test/examples/kubernetes.test.ts starts with the files that it would apply',
}

const isRun = ({ text }: Block) => !Object.keys(NOT_RUN).some((beginning) => text.startsWith(beginning))

/** How each kind of block is checked, by a test below. */
const CHECKED = ['bash', 'console', 'js', 'json', 'nginx', 'text', 'ts', 'yaml']

const blocksIn = (...languages: string[]) => BLOCKS.filter(({ language }) => languages.includes(language))
const titleOf = ({ page, line }: Block) => `${page}:${line}`

async function setUp(t: Test): Promise<Bench> {
  const folder = t.testdir({ 'config.yaml': README_CONFIG, 'users.yaml': '- sub: carol\n' })
  installCommand(folder)
  const { issuer } = await serve(t, ['--config', join(folder, 'config.yaml')])
  return { folder, issuer }
}

test('every block has a language that a test covers', async (t) => {
  for (const block of BLOCKS) t.ok(CHECKED.includes(block.language), `${titleOf(block)} ${block.language}`)
  for (const [beginning, reason] of Object.entries(NOT_RUN)) {
    t.ok(
      blocksIn('bash').some(({ text }) => text.startsWith(beginning)),
      `${beginning}: ${reason}`,
    )
  }
})

test('every link has a target', async (t) => {
  for (const page of PAGES) {
    for (const link of listLinks(page)) {
      if (/^https:\/\//.test(link)) continue
      const [path = '', fragment] = link.split('#')
      const target = path === '' ? page : relative(ROOT, join(ROOT, dirname(page), path))
      t.ok(existsSync(join(ROOT, target)), `${page}: ${link}`)
      if (fragment !== undefined) t.ok(listAnchors(target).includes(fragment), `${page}: ${link}`)
    }
  }
})

test('generated tables are current', async (t) => {
  for (const { name, page, text } of TABLES) {
    const current = readPage(page)
    const [begin, end] = [`<!-- ${name}: begin -->`, `<!-- ${name}: end -->`]
    const [start, stop] = [current.indexOf(begin), current.indexOf(end)]
    if (!t.ok(start !== -1 && start < stop, `${page} has a place for ${name}`)) continue
    const expected = `${current.slice(0, start)}${begin}\n\n${text}\n\n${current.slice(stop)}`
    if (process.env.TAP_SNAPSHOT === '1') writeFileSync(join(ROOT, page), expected)
    t.equal(readPage(page), expected, `${page}; TAP_SNAPSHOT=1 brings it up to date`)
  }
  const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  for (const page of PAGES) {
    for (const [, script = ''] of readPage(page).matchAll(/npm run ([\w:-]+)/g))
      t.ok(Object.hasOwn(scripts, script), `${page}: npm run ${script}`)
  }
  for (const path of Object.values(PATHS)) {
    const shown = path.replace(/:(\w+)/, '{$1}')
    const page = shown.startsWith('/admin/') ? 'docs/admin.md' : 'docs/protocol.md'
    t.match(
      readPage(page),
      new RegExp(`^\\| \`[A-Z, ]+ ${shown.replaceAll(/[.{}]/g, '\\$&')}\` \\|`, 'm'),
      `${page} has ${shown}`,
    )
  }
})

test('docs/configuration.md lists the keys that take effect at the next start', async (t) => {
  const [sentence] =
    /^`[^\n]*\n(?:[^\n]+\n)*?[^\n]*take effect at the next\s/m.exec(readPage('docs/configuration.md')) ?? []
  const keys = RESTART_KEYS.filter((key) => !key.startsWith('server.tls.'))
  t.strictSame([...String(sentence).matchAll(/`([^`]+)`/g)].map(([, key]) => key).toSorted(), keys.toSorted())
})

test('each YAML block is a valid configuration or a file of another program', async (t) => {
  for (const block of blocksIn('yaml')) t.test(titleOf(block), (t) => checkYaml(t, block.text))
})

test('nginx accepts each nginx block', { skip: NO_NGINX }, async (t) => {
  for (const { text } of blocksIn('nginx')) {
    // The name is known among containers only.
    const server = text.replaceAll('http://op:', 'http://localhost:')
    const configuration = `events {}\nhttp { access_log off; server { listen 127.0.0.1:9401; ${server} } }\n`
    const folder = t.testdir({ 'nginx.conf': `pid ${t.testdirName}/pid;\n${configuration}` })
    const args = ['-t', '-p', folder, '-c', join(folder, 'nginx.conf'), '-e', 'stderr']
    accepts(t, await executeProgram('nginx', args, { env: { PATH: `${process.env.PATH}:/usr/sbin:/usr/local/sbin` } }))
  }
})

test('each TypeScript block type-checks', async (t) => {
  t.strictSame(typeProblems({ folder: t.testdir({}), issuer: '' }, blocksIn('ts')), [])
})

test('each program prints the output of its comments', async (t) => {
  const bench = await setUp(t)
  for (const block of blocksIn('js', 'ts')) {
    if (block.text.includes('@playwright/test')) continue
    t.test(titleOf(block), async (t) => {
      const { code, stdout, stderr } = await execute(bench, process.execPath, [writeModule(bench, block)])
      t.equal(code, 0, stderr)
      for (const promise of promisedOutput(block)) t.match(stdout, promise)
    })
  }
})

/** What the functions of the browser snippets bring the application, by their names. */
const BROWSER_FUNCTIONS: Readonly<Record<string, string>> = {
  logIn: 'code',
  logInAs: 'code',
  denyAccess: 'error',
}

for (const block of blocksIn('ts').filter(({ text }) => text.includes('@playwright/test'))) {
  browserTest(titleOf(block), async (t, { page, application }) => {
    const { issuer } = await serve(t, ['--user', 'alice'])
    const module = await import(pathToFileURL(writeModule({ folder: t.testdir({}), issuer }, block)).href)
    for (const [name, run] of Object.entries(module as Record<string, (page: Page, sub: string) => Promise<void>>)) {
      const query = new URLSearchParams({
        client_id: 'my-app',
        redirect_uri: application.redirect_uri,
        response_type: 'code',
      })
      await page.goto(`${issuer}/oauth2/authorize?${query}`)
      await run(page, 'alice')
      t.ok((await application.returned(page)).has(BROWSER_FUNCTIONS[name] ?? ''), name)
    }
  })
}

/** What a shell block prints, by a part of its text. */
const PRINTED: readonly [part: string, output: RegExp][] = [
  ['state=xyz', /^http:\/\/localhost:3000\/callback\?code=[\w-]+&state=xyz$/m],
  ['/userinfo', /"groups": \[\s+"admins"\s+\]/],
  ['/oauth2/clients', /"client_id": "[\w-]+"/],
  ['/admin/journal?', /"entries": \[/],
  ['/admin/journal/stream', /^: $/m],
  ['/admin/keys/rotate', /"status": "next"/],
  ['doctor', /^ok {4}issuer: /m],
]

/** CI installs what is missing, so there it fails. */
const noShell = process.env.CI !== 'true' && spawnSync('bash', ['-c', 'curl --version']).status !== 0

test('each shell block runs', { skip: noShell && 'no bash or no curl' }, async (t) => {
  const bench = await setUp(t)
  for (const block of blocksIn('bash').filter(isRun)) {
    const [, args] = /^oidc-provider-mock (--.*)\n$/.exec(block.text) ?? []
    t.test(titleOf(block), async (t) => {
      if (args !== undefined) {
        // It would run for ever: it starts, and it stops when it is told to.
        const words = args.split(' ').map((word) => (word.endsWith('.yaml') ? join(bench.folder, word) : word))
        const { end } = await serve(t, words)
        t.match(await end(), { code: 0, stderr: '' })
        return
      }
      const { code, stdout, stderr } = await executeShell(bench, block.text)
      t.equal(code, 0, stderr)
      for (const [part, output] of PRINTED) if (block.text.includes(part)) t.match(stdout, output)
    })
  }
})

test('the command accepts the arguments of docker run', async (t) => {
  const lines = blocksIn('bash').flatMap(({ text }) =>
    text.split('\n').filter((line) => line.startsWith('docker run ')),
  )
  t.ok(lines.length > 5)
  for (const line of lines) {
    const [, args = ''] = / oidc-provider-mock(?: (.*))?$/.exec(line) ?? []
    // What is validated is in the container; `validate` itself is tried above.
    if (args.startsWith('validate ')) continue
    const { end } = await serve(t, args === '' ? [] : args.split(' '))
    t.match(await end(), { code: 0, stderr: '' }, line)
  }
})

test('each console block shows the output of its commands', async (t) => {
  const bench = await setUp(t)
  for (const block of blocksIn('console')) {
    for (const entry of readConsole(block)) {
      layOut(bench, entry)
      const { stdout, stderr } = await executeShell(bench, entry.command)
      t.equal(stdout + stderr, entry.output, `${titleOf(block)} ${entry.command}`)
    }
  }
})

test('the log lines of the README come from a reload', async (t) => {
  const [good = '', bad = ''] = blocksIn('text')
    .filter(({ page }) => page === 'README.md')
    .map(({ text }) => text.trim())
  const folder = t.testdir({ 'config.yaml': README_CONFIG })
  const config = join(folder, 'config.yaml')
  const { line } = await serve(t, ['--config', config, '--log-format', 'json'])
  const message = async (pattern: RegExp) => String(JSON.parse(await line(pattern)).msg).replaceAll(`${folder}/`, '')
  const changed = README_CONFIG.replace('- sub: bob', '- sub: bob\n    display_name: Bob\n  - sub: carol')
  writeFileSync(config, `${changed}lifetimes: { access_token: 5m }\n`)
  t.equal(`INFO: ${await message(/configuration reloaded/)}`, good)
  writeFileSync(config, README_CONFIG.replace('scopes:', 'scope:'))
  const [head = '', ...rest] = (await message(/not reloaded/)).split('\n')
  t.strictSame(
    bad.split('\n').map((one) => one.trim()),
    [`ERROR: ${head}`, ...rest.map((one) => one.trim())],
  )
})

test('the log line and health response of docs/configuration.md come from a provider', async (t) => {
  const [text] = blocksIn('text').filter(({ page }) => page === 'docs/configuration.md')
  const [start, health] = blocksIn('json').filter(({ page }) => page === 'docs/configuration.md')
  const folder = t.testdir({ 'config.yaml': 'users: [{ sub: alice }, { sub: bob }]\n' })
  const config = join(folder, 'config.yaml')
  const { issuer, line } = await serve(t, ['--config', config])
  const started = await line(/listening/)
  const shown = JSON.parse(start!.text.replaceAll('http://localhost:9400', issuer).replace('config.yaml', config))
  t.strictSame({ ...JSON.parse(started), time: shown.time, clients: 1 }, shown)
  writeFileSync(config, 'users: [{ sub: alice, display_name: A }, { sub: carol }]\nrequire_nonce: true\n')
  t.equal(`${JSON.parse(await line(/configuration reloaded/)).msg}\n`, text?.text)
  writeFileSync(config, 'users:\n  - sub: alice\n    clams: { email: alice@example.com }\n')
  await line(/not reloaded/)
  const answer = await (await fetch(`${issuer}/healthz`)).text()
  t.equal(answer.replaceAll(`${folder}/`, ''), health?.text)
})

test('the log line of docs/strict.md comes from a provider, and the journal has it', async (t) => {
  const [shown] = blocksIn('text').filter(({ page }) => page === 'docs/strict.md')
  const { issuer, line } = await serve(t, ['--log-format', 'json'])
  const query = new URLSearchParams({
    client_id: 'my-app',
    redirect_uri: 'http://localhost:3000/callback',
    response_type: 'id_token',
    scope: 'openid',
  })
  await fetch(`${issuer}/oauth2/authorize?${query}`)
  t.equal(`${JSON.parse(await line(/nonce is missing/)).msg}\n`, shown?.text)
  const journal = (await (await fetch(`${issuer}/admin/journal?event=would_be_refused`)).json()) as {
    entries: { remarks: { message: string; details: { rule: string } }[] }[]
  }
  t.match(
    journal.entries.flatMap(({ remarks }) => remarks.map(({ message, details }) => [`${message}\n`, details.rule])),
    [
      [/expected a configured or registered client/, 'registered_clients'],
      [shown?.text, 'nonce_in_front_channel'],
    ],
  )
})
