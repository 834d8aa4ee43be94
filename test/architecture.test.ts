/** Rules on the structure of `src`: which room may import which, and which code has only one place. Each violation names its file. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cruise, type IFlattenedRuleSet, type IReporterOutput } from 'dependency-cruiser'
import t from 'tap'
import { ROOT } from './root.js'

/** The rooms of `src`, low to high. A room imports only from rooms earlier in this list, types included. */
const ROOMS = [
  'generated',
  'errors',
  'random',
  'duration',
  'routes',
  'pages',
  'clients',
  'faults',
  'config',
  'outbound',
  'tls',
  'store',
  'journal',
  'issuer',
  'context',
  'directory',
  'faults/doors',
  'oauth',
  'tokens',
  'grants',
  'request',
  'interaction',
  'endpoints',
  'admin',
  'doctor',
  'logger',
  'server',
  'listen',
  'handle',
  'provider',
  'index',
  'runners',
  'cli',
] as const

/** The packages and the rooms that may import them. */
const PACKAGES: Readonly<Record<string, readonly (typeof ROOMS)[number][]>> = {
  '@fastify/accepts': ['server'],
  '@fastify/cookie': ['server', 'interaction'],
  '@fastify/cors': ['server'],
  '@fastify/helmet': ['server'],
  '@fastify/proxy-addr': ['config'],
  '@fastify/swagger': ['admin'],
  ajv: ['generated', 'config'],
  'ajv-formats': ['generated', 'config'],
  chokidar: ['config'],
  commander: ['cli'],
  eta: ['pages'],
  'fastest-levenshtein': ['config'],
  fastify: ['server', 'listen', 'request', 'interaction', 'endpoints', 'admin', 'faults/doors'],
  jose: ['config', 'store', 'issuer', 'faults/doors', 'oauth', 'tokens', 'admin'],
  // Fastify imports it; package.json has it for its version.
  'light-my-request': [],
  pino: ['logger'],
  'pino-pretty': ['logger'],
  yaml: ['config'],
}

/** Rooms whose files do not import each other; only these tables and vocabularies are shared. */
const SIBLINGS: Readonly<Record<string, readonly string[]>> = {
  endpoints: [],
  grants: ['index', 'grant'],
  admin: ['index', 'journal_entry', 'list', 'part', 'schema'],
}

/** Code with only one place: its pattern, and the files that may contain it. */
const DOORS: readonly { title: string; pattern: RegExp; allowed: RegExp }[] = [
  { title: 'time', pattern: /Date\.now\(|new Date\(\)|performance\.now/, allowed: /^(issuer\/clock|config\/age)$/ },
  // The entry points pass it on: one for a command, one for a program, one for the workers of a test runner.
  { title: 'the environment', pattern: /process\.env/, allowed: /^(cli\/index|index|runners\/run|config\/.*)$/ },
  {
    title: 'randomness',
    pattern: /randomBytes|randomUUID|Math\.random|getRandomValues|randomInt/,
    allowed: /^random$/,
  },
  {
    title: 'the comparison of secrets',
    pattern:
      /timingSafeEqual|(?:secret|browser_state|(?:admin|initial_access|registration_access)_token) [!=]== (?!undefined)|[!=]== (?:\w+\.)*(?:client_secret|browser_state|(?:admin|initial_access|registration_access)_token)\b/,
    allowed: /^oauth\/secret$/,
  },
  { title: 'OAuthError', pattern: /new OAuthError\(/, allowed: /^errors$/ },
]

const pathOf = (room: string) => (room === 'faults' ? '^src/faults/(?!doors/)' : `^src/${room}(/|\\.ts$)`)
const anyOf = (rooms: readonly string[]) => rooms.map(pathOf).join('|')

const rules: IFlattenedRuleSet = {
  forbidden: [
    ...ROOMS.map((room, index) => ({
      name: `${room} imports only from earlier rooms`,
      severity: 'error' as const,
      from: { path: pathOf(room) },
      to: { path: anyOf(ROOMS.slice(index + 1)) },
    })).slice(0, -1),
    ...Object.entries(PACKAGES).map(([name, rooms]) => ({
      name: `${name} is imported only by ${rooms.join(', ') || 'other packages'}`,
      severity: 'error' as const,
      from: rooms.length === 0 ? {} : { pathNot: anyOf(rooms) },
      to: { path: `(?:^|/)node_modules/${name}/` },
    })),
    ...Object.entries(SIBLINGS).map(([room, shared]) => ({
      name: `files of ${room} do not import each other`,
      severity: 'error' as const,
      from: { path: `^src/${room}/`, pathNot: `^src/${room}/index\\.ts$` },
      to: { path: `^src/${room}/`, pathNot: shared.map((name) => `^src/${room}/${name}\\.ts$`) },
    })),
    { name: 'files have no circle', severity: 'error', from: {}, to: { circular: true } },
  ],
}

const sources = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
  .map((name) => name.replaceAll('\\', '/'))
  .filter((name) => name.endsWith('.ts') && !name.startsWith('generated/'))
  .map((name) => ({
    file: name.replace(/\.ts$/, ''),
    lines: readFileSync(join(ROOT, 'src', name), 'utf8').split('\n'),
  }))

const roomOf = (file: string) => (file.startsWith('faults/doors/') ? 'faults/doors' : file.split('/')[0]!)

/** Every line that contains the pattern and is no comment, with its place. */
const linesWith = (pattern: RegExp, { file, lines }: (typeof sources)[number]) =>
  lines.flatMap((line, index) =>
    pattern.test(line) && !/^\s*(\*|\/[/*])/.test(line) ? [`src/${file}.ts:${index + 1} ${line.trim()}`] : [],
  )

async function findViolations(ruleSet: IFlattenedRuleSet): Promise<{ imports: number; violations: string[] }> {
  const { output }: IReporterOutput = await cruise(['src'], {
    baseDir: ROOT,
    ruleSet,
    validate: true,
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    tsConfig: { fileName: join(ROOT, 'tsconfig.json') },
  })
  if (typeof output === 'string') throw new Error(`dependency-cruiser returned a text: ${output}`)
  return {
    imports: output.summary.totalDependenciesCruised ?? 0,
    violations: output.summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} imports ${to}`),
  }
}

t.test('every file belongs to a room of the list, and every room has a file', async (t) => {
  const rooms = new Set(sources.map(({ file }) => roomOf(file)))
  t.strictSame(
    [...rooms].filter((room) => !ROOMS.some((known) => known === room)),
    [],
  )
  t.strictSame(
    ROOMS.filter((room) => room !== 'generated' && !rooms.has(room)),
    [],
  )
})

t.test('fewer than 12 files lie directly in src', async (t) => {
  const top = sources.filter(({ file }) => !file.includes('/')).map(({ file }) => file)
  t.ok(top.length < 12, top.join(', '))
})

t.test('rooms, packages and siblings are imported as the tables allow, and no files form a circle', async (t) => {
  const { imports, violations } = await findViolations(rules)
  t.ok(imports > 1000, `the imports were found: ${imports}`)
  t.strictSame(violations, [])
})

t.test('a reversed order of rooms is reported, so the check can fail', async (t) => {
  const to = { path: pathOf('errors') }
  const wrong = {
    name: 'oauth must not import errors',
    severity: 'error' as const,
    from: { path: pathOf('oauth') },
    to,
  }
  const { violations } = await findViolations({ forbidden: [wrong] })
  t.match(violations[0], /^oauth must not import errors: src\/oauth\/.*\.ts imports src\/errors\.ts$/)
})

t.test('each package of package.json is in the table', async (t) => {
  const { dependencies } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  t.strictSame(Object.keys(PACKAGES).sort(), Object.keys(dependencies).sort())
})

for (const { title, pattern, allowed } of DOORS) {
  t.test(`only one place has ${title}`, async (t) => {
    const [inside, outside] = [true, false].map((wanted) => sources.filter(({ file }) => allowed.test(file) === wanted))
    t.ok(
      inside!.some((source) => linesWith(pattern, source).length > 0),
      'the place has it',
    )
    t.strictSame(
      outside!.flatMap((source) => linesWith(pattern, source)),
      [],
    )
  })
}

t.test('two providers in a process share nothing: no module has state that changes', async (t) => {
  const state =
    /^(export )?(let|var) |^(export )?const \w+(?!: Readonly)[^=]*= (await )?(new (Weak)?(Map|Set)\b|new LRUCache)/
  const frozen = /^(export )?const \w+: Readonly(Set|Map)</
  t.strictSame(
    sources.flatMap((source) => linesWith(state, source)).filter((line) => !frozen.test(line.replace(/^\S+ /, ''))),
    [],
  )
})

t.test('a file begins with a comment on its subject and has at most 250 lines', async (t) => {
  const wrong = sources.flatMap(({ file, lines }) => {
    const [first = ''] = lines.filter((line) => !line.startsWith('#!'))
    return [
      ...(first.startsWith('/**') ? [] : [`src/${file}.ts:1 ${first}`]),
      ...(lines.length <= 251 ? [] : [`src/${file}.ts:${lines.length} is too long`]),
    ]
  })
  t.strictSame(wrong, [])
})

t.test('a doc comment begins with a verb or a noun phrase', async (t) => {
  const vague = /^\s*(?:\/\*\*|\*) (?:What|Who|Whose|Whom|Where|How many|How much|That|So many)\b/
  t.strictSame(
    sources.flatMap(({ file, lines }) =>
      lines.flatMap((line, index) =>
        vague.test(line) && line.includes('/**') ? [`src/${file}.ts:${index + 1} ${line.trim()}`] : [],
      ),
    ),
    [],
  )
})
