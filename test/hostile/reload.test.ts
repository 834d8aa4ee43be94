/** Files that are saved in every way while the provider serves: each response belongs to a saved state, never to a half one. */
import { copyFileSync, linkSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import t from 'tap'
import { serveProcess } from '../cli/program.js'
import { isBelow, printFigures } from './program.js'

/** Milliseconds of saves. */
const DURATION = 22_000
/** Longest pauses of the writer in milliseconds, after a full line and within a line. */
const PAUSES = { full: 120, within: 300 }
/** Pauses in milliseconds at which the provider may take a beginning for a file, because the machine delayed the writer. */
const TOO_LONG = { full: 230, within: 470 }
const CLIENT = 'https://app.example/callback'

const below = (bound: number) => Math.floor(Math.random() * bound)
const pick = <T>(list: readonly T[]): T => list[below(list.length)]!

/** Returns a configuration. Every beginning of it lacks a user or the last line, which one response shows. */
function configOf(version: number): string {
  const strict = 'require_registration: true\n'
  const users = Array.from({ length: 5 + below(40) }, (_, index) => `  - sub: c${version}-${index}\n`)
  return [
    `discovery: { service_documentation: "https://docs.example/${version}" }\n`,
    'log: { format: json }\nkeys: [{ alg: ES256 }]\n',
    version % 2 === 0 ? strict : '',
    `clients:\n  - client_id: app\n    redirect_uris: [${CLIENT}]\n    token_endpoint_auth_method: none\n`,
    `users:\n${users.join('')}`,
    version % 2 === 0 ? '' : strict,
    `acr_values: ["${version}", "${users.length}-users"]\n`,
  ].join('')
}

/** Returns a list of users. Every beginning of it lacks the last one. */
const usersOf = (version: number) => `- sub: u${version}-first\n- sub: u${version}-last\n`

interface Shown {
  readonly discovery: { readonly service_documentation?: string }
  readonly acr_values: readonly string[]
  readonly require_registration: boolean
  readonly clients: readonly object[]
  readonly users: readonly { readonly sub: string }[]
}

/** Returns the versions of the two files that a configuration belongs to, such as `7 3`, or a text with its parts. */
function stateOf({ discovery, acr_values, require_registration, clients, users }: Shown): string {
  const version = discovery.service_documentation?.split('/').at(-1)
  const [, of = ''] = /^u(\d+)-first$/.exec(users.at(-2)?.sub ?? '') ?? []
  const subs = [...Array(Number.parseInt(acr_values[1] ?? '0', 10)).keys()].map((index) => `c${version}-${index}`)
  const whole = JSON.stringify([...subs, `u${of}-first`, `u${of}-last`]) === JSON.stringify(users.map(({ sub }) => sub))
  if (whole && acr_values[0] === version && require_registration && clients.length === 1) return `${version} ${of}`
  return JSON.stringify([version, acr_values, require_registration, clients.length, users.length, users.at(-1)])
}

/** Writes a text in pieces with pauses. Returns whether the machine made a pause so long that the file seemed complete. */
async function writeWithPauses(file: string, text: string): Promise<boolean> {
  let delayed = false
  const handle = await open(file, 'w')
  for (let at = 0; at < text.length; ) {
    const end = Math.min(text.length, at + 1 + below(400))
    const start = performance.now()
    const place = text[at - 1] === '\n' ? 'full' : 'within'
    if (at > 0) await setTimeout(below(PAUSES[place]))
    await handle.write(text.slice(at, end))
    delayed ||= at > 0 && performance.now() - start > TOO_LONG[place]
    at = end
  }
  await handle.close()
  return delayed
}

/** Saves the new text of a file. A save with pauses resolves with whether one was too long. */
const SAVES: Readonly<Record<string, (file: string, text: string) => Promise<unknown>>> = {
  'with pauses': writeWithPauses,
  'in place': async (file, text) => writeFileSync(file, text),
  rename: async (file, text) => {
    writeFileSync(`${file}.new`, text)
    renameSync(`${file}.new`, file)
  },
  'with a backup': async (file, text) => {
    renameSync(file, `${file}~`)
    writeFileSync(file, text)
    rmSync(`${file}~`)
  },
  'after a removal': async (file, text) => {
    rmSync(file)
    await setTimeout(below(300))
    return await writeWithPauses(file, text)
  },
  'after an empty file': async (file, text) => {
    writeFileSync(file, '')
    await setTimeout(below(300))
    writeFileSync(file, text)
  },
  'copy of another file': async (file, text) => {
    writeFileSync(`${file}.other`, text)
    copyFileSync(`${file}.other`, file)
  },
  link: async (file, text) => {
    writeFileSync(`${file}.new`, text)
    rmSync(file)
    linkSync(`${file}.new`, file)
    rmSync(`${file}.new`)
  },
}

t.test('no response under load belongs to a half-written file or to a mix of two states', async (t) => {
  const folder = t.testdir({})
  let [config, users, swaps] = [0, 0, 0]
  const swap = () => {
    swaps += 1
    const name = `..${swaps}`
    mkdirSync(join(folder, name))
    writeFileSync(join(folder, name, 'config.yaml'), configOf(config))
    writeFileSync(join(folder, name, 'users.yaml'), usersOf(users))
    symlinkSync(name, join(folder, '..data_tmp'))
    renameSync(join(folder, '..data_tmp'), join(folder, '..data'))
    rmSync(join(folder, `..${swaps - 1}`), { recursive: true, force: true })
  }
  swap()
  for (const name of ['config.yaml', 'users.yaml']) symlinkSync(`..data/${name}`, join(folder, name))
  const { issuer, end } = await serveProcess(t, ['--config-dir', folder])

  const saved = new Set(['0 0'])
  const wrong: { readonly version: string; readonly found: string }[] = []
  let responses = 0
  let state = ''
  const shown = async () => {
    const { config } = (await (await fetch(`${issuer}/admin/config`)).json()) as { config: Shown }
    state = stateOf(config)
    if (!saved.has(state)) wrong.push({ version: state.split(/\W+/).find(Boolean) ?? '', found: state })
  }
  const refused = async () => {
    const query = new URLSearchParams({ client_id: 'stranger', redirect_uri: CLIENT, response_type: 'code' })
    const answer = await fetch(`${issuer}/oauth2/authorize?${query}`)
    // A response that is not read keeps its connection, and the provider closes connections beyond its limit.
    await answer.arrayBuffer()
    const { status } = answer
    if (status !== 400) wrong.push({ version: String(config), found: `a stranger gets status ${status}` })
  }
  let running = true
  const load = [shown, refused, shown, refused].map(async (request) => {
    for (; running; responses++) await request()
  })

  const latencies: number[] = []
  /** Waits until the last save is in force. */
  const inForce = async () => {
    const start = performance.now()
    while (state !== `${config} ${users}` && performance.now() - start < 10_000) await setTimeout(5)
    latencies.push(Math.round(performance.now() - start))
  }
  const delayed = new Set<string>()
  let saves = 0
  for (const start = performance.now(); performance.now() - start < DURATION; saves++) {
    config += 1
    if (Math.random() < 0.25) {
      users = config
      saved.add(`${config} ${users}`)
      swap()
    } else {
      saved.add(`${config} ${users}`)
      const save = SAVES[pick(Object.keys(SAVES))]!
      if ((await save(join(folder, '..data/config.yaml'), configOf(config))) === true) delayed.add(String(config))
    }
    if (Math.random() < 0.5) await inForce()
    else await setTimeout(below(200))
  }
  await inForce()
  running = false
  await Promise.all(load)

  const { stdout } = await end('SIGTERM')
  const reloads = stdout.split('"configuration reloaded').length - 1
  const [longest, median] = [Math.max(...latencies), latencies.toSorted((a, b) => a - b)[latencies.length >> 1]]
  const times = { 'median ms to force': median, 'longest ms': longest }
  printFigures(t, 'saves under load', { saves, reloads, responses, 'delayed saves': delayed.size, ...times })
  t.equal(state, `${config} ${users}`, 'the last save is in force')
  t.strictSame(
    wrong.filter(({ version }) => !delayed.has(version)),
    [],
  )
  t.ok(reloads > 5 && reloads <= saves, `${saves} saves are at most as many reloads: ${reloads}`)
  t.strictSame(
    stdout.split('\n').filter((line) => line.includes('configuration not reloaded')),
    [],
    'no state is refused',
  )
  isBelow(t, longest, 5000, 'milliseconds until a save is in force')
})
