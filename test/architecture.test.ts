/** Who may import whom, and who may touch what. What breaks a rule is named with its file and line. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'

interface Rule {
  /** Rooms (folders), files and packages whose values may be used; their types as well. */
  readonly values?: readonly string[]
  /** Where only types may come from. */
  readonly types?: readonly string[]
}

/** By room, or by file where one file of a room may do more. */
const MAY_IMPORT: Readonly<Record<string, Rule>> = {
  cli: {
    values: [
      'node:*',
      'commander',
      'flags',
      'provider',
      'healthcheck',
      'doctor/doctor',
      'doctor/hosts',
      'config/errors',
      'config/load',
      'config/read',
      'config/validate',
    ],
    types: ['config'],
  },
  flag: { types: ['config'] },
  address_flags: { values: ['flag'] },
  user_flags: { values: ['flag'] },
  flags: { values: ['flag', 'address_flags', 'user_flags'], types: ['config'] },
  index: { values: ['provider', 'handle', 'config/errors'], types: ['config', 'mock'] },
  runners: { values: ['handle', 'index'], types: ['config'] },
  handle: {
    values: ['node:*', 'config/duration', 'endpoints/paths', 'random'],
    types: ['config', 'directory', 'fault', 'keys', 'mock', 'store/store'],
  },
  provider: {
    values: [
      'node:*',
      'lru-cache',
      'config',
      'context',
      'keys',
      'listen',
      'logger',
      'mock',
      'random',
      'server',
      'store',
      'tls',
    ],
    types: ['handle'],
  },
  server: {
    values: [
      '@fastify/*',
      'fastify',
      'endpoints',
      'interaction/self_login',
      'admin',
      'oauth/errors',
      'pages',
      'refusal',
      'request_context',
      'identify',
      'fault',
      'http_faults/hooks',
      'doctor/hosts',
    ],
    types: ['config', 'context', 'keys', 'mock', 'store/store'],
  },
  request_context: {
    values: ['config/issuer_identifier', 'context', 'endpoints/paths', 'oauth/errors', 'origin', 'refusal'],
    types: ['node:*', 'fastify', 'config', 'keys', 'mock', 'store/store'],
  },
  listen: { values: ['node:*', 'server'], types: ['fastify', 'config'] },
  healthcheck: { values: ['node:*', 'config/check_server', 'endpoints/paths'], types: ['config'] },
  doctor: { values: ['node:*', 'config/check_server', 'endpoints/paths', 'mock'], types: ['config'] },
  tls: {
    values: ['node:*', 'random', 'config/errors', 'config/read', 'config/watch', 'config/tls'],
    types: ['config'],
  },
  refusal: { values: ['node:*', 'oauth/errors', 'pages'], types: ['fastify'] },
  context: { types: ['config', 'keys', 'mock', 'store/store'] },
  directory: { values: ['oauth/errors'], types: ['config', 'context', 'store/store'] },
  keys: { values: ['config/keys'], types: ['config', 'mock'] },
  logger: { values: ['node:*', 'pino', 'pino-pretty'], types: ['config'] },
  origin: { values: ['oauth/errors'], types: ['node:*'] },
  random: { values: ['node:*'] },
  config: {
    values: ['node:*', '@fastify/proxy-addr', 'ajv', 'ajv-formats', 'chokidar', 'fastest-levenshtein', 'jose', 'yaml'],
  },
  outbound: { values: ['node:*'], types: ['config'] },
  store: { values: ['node:*', 'lru-cache'], types: ['config'] },
  mock: { values: ['node:*'], types: ['config'] },
  fault: { values: ['directory', 'mock'], types: ['config', 'context'] },
  http_faults: {
    values: [
      'node:*',
      'config/duration',
      'config/fault_catalogue',
      'config/keys',
      'exchange',
      'fault',
      'oauth/errors',
      'random',
      'refusal',
    ],
    types: ['fastify', 'jose', 'config', 'context', 'mock'],
  },
  picked: { values: ['config/fault_catalogue'], types: ['config', 'mock'] },
  exchange: {
    values: ['endpoints/paths', 'mock/decoded_token', 'oauth/params'],
    types: ['fastify', 'context', 'mock'],
  },
  identify: {
    values: ['endpoints/paths', 'mock/decoded_token', 'oauth/device_code', 'oauth/params', 'picked', 'random'],
    types: ['fastify', 'context', 'mock', 'store/store'],
  },
  pages: { values: ['node:*', 'eta'] },
  oauth: {
    values: ['node:*', 'jose', 'directory', 'fault', 'outbound', 'random'],
    types: ['config', 'context', 'store/store'],
  },
  tokens: {
    values: ['node:*', 'jose', 'oauth', 'directory', 'fault', 'keys', 'random'],
    types: ['config', 'context', 'store/store'],
  },
  'tokens/claim_sources': { values: ['endpoints/paths'] },
  'tokens/faulty_signature': { values: ['config/keys'] },
  'endpoints/paths': { values: ['config/issuer_name'] },
  grants: { values: ['oauth', 'tokens', 'directory', 'fault'], types: ['context', 'store/store'] },
  interaction: {
    values: [
      'node:*',
      'oauth',
      'tokens',
      'pages',
      'directory',
      'fault',
      'mock/decoded_token',
      'outbound',
      'picked',
      'random',
    ],
    types: ['@fastify/cookie', 'config', 'fastify', 'context', 'mock', 'store/store'],
  },
  'interaction/self_login': { values: ['context', 'endpoints/paths'], types: ['fastify'] },
  endpoints: {
    values: ['interaction', 'grants/index', 'tokens', 'oauth', 'pages', 'directory', 'fault', 'outbound', 'random'],
    types: ['config', 'fastify', 'context', 'store/store'],
  },
  admin: {
    values: [
      'config/duration',
      'config/fault_catalogue',
      'config/fault_row',
      'directory',
      'fault',
      'oauth',
      'tokens',
      'endpoints/paths',
      'mock',
    ],
    types: ['fastify', 'config', 'context', 'store/store'],
  },
  'admin/access': { values: ['node:crypto'] },
  'admin/config': { values: ['config/explain'] },
  'admin/index': { values: ['@fastify/swagger'] },
  'admin/part': { values: ['config/merge'] },
  'admin/issuer': { values: ['config/issuer_identifier'] },
  'admin/sessions': { values: ['interaction/logout', 'interaction/session'] },
  'admin/tokens': { values: ['jose'] },
  'admin/login': { values: ['exchange', 'identify', 'interaction', 'picked'] },
  'admin/validation': { values: ['config/errors', 'config/schema'] },
}

/** What has one door: the pattern, and the files that may hold it. */
const DOORS: readonly { title: string; pattern: RegExp; allowed: RegExp }[] = [
  { title: 'time', pattern: /Date\.now\(|new Date\(\)|performance\.now/, allowed: /^mock\/clock$/ },
  // The entry points hand it on: one for a command, one for a program, one for the workers of a test runner.
  { title: 'the environment', pattern: /process\.env/, allowed: /^(cli|index|runners\/run|config\/.*)$/ },
  {
    title: 'randomness',
    pattern: /randomBytes|randomUUID|Math\.random|getRandomValues|randomInt/,
    allowed: /^random$/,
  },
  { title: 'OAuthError', pattern: /new OAuthError\(/, allowed: /^oauth\/errors$/ },
]

const SRC = join(import.meta.dirname, '../src')
const GENERATED = ['config/types', 'config/input']

interface Source {
  /** Without ending, such as `oauth/pkce`. */
  readonly file: string
  readonly room: string
  readonly lines: readonly string[]
  readonly imports: readonly { readonly target: string; readonly line: number; readonly type: boolean }[]
}

const sources = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.ts'))
  .map((name): Source => {
    const file = name.replaceAll('\\', '/').replace(/\.ts$/, '')
    const text = readFileSync(join(SRC, name), 'utf8')
    return { file, room: file.split('/')[0]!, lines: text.split('\n'), imports: readImports(file, text) }
  })

function readImports(file: string, text: string): Source['imports'] {
  const statements = text.matchAll(/^(?:import|export)\b([^;'"=]*?)\bfrom '([^']+)'|\bimport\(?\s*'([^']+)'/gm)
  return [...statements].map(({ index, 1: clause = '', 2: from, 3: bare }) => ({
    target: resolve(file, from ?? bare!),
    line: text.slice(0, index).split('\n').length,
    type: /^\s+type\b/.test(clause) || /^\s*\{(\s*type\s+[^,]+,?)+\s*\}\s*$/.test(clause),
  }))
}

function resolve(file: string, specifier: string): string {
  if (!specifier.startsWith('.')) return specifier
  return join(dirname(file), specifier).replaceAll('\\', '/').replace(/\.js$/, '')
}

const fits = (target: string, rules: readonly string[] = []) =>
  rules.some((rule) =>
    rule.endsWith('*') ? target.startsWith(rule.slice(0, -1)) : `${target}/`.startsWith(`${rule}/`),
  )

const mayImport = ({ file, room }: Source, target: string, type: boolean) =>
  [MAY_IMPORT[room], MAY_IMPORT[file]].some((rule) => fits(target, rule?.values) || (type && fits(target, rule?.types)))

/** Every line that isn't a comment and fits, with its place. */
const linesWith = (pattern: RegExp, { file, lines }: Source) =>
  lines.flatMap((line, index) =>
    pattern.test(line) && !/^\s*(\*|\/[/*])/.test(line) ? [`src/${file}.ts:${index + 1} ${line.trim()}`] : [],
  )

t.test('every room and every file at the top has its line in the table, and every line its file', async (t) => {
  const rooms = new Set(sources.flatMap(({ file, room }) => [file, room]))
  t.strictSame(
    sources.filter(({ room }) => MAY_IMPORT[room] === undefined).map(({ file }) => `src/${file}.ts`),
    [],
  )
  t.strictSame(
    Object.keys(MAY_IMPORT).filter((name) => !rooms.has(name)),
    [],
  )
})

t.test('each file imports only what its room may', async (t) => {
  const wrong = sources.flatMap((source) =>
    source.imports
      .filter(({ target, type }) => target.split('/')[0] !== source.room && !mayImport(source, target, type))
      .map(({ target, line, type }) => `src/${source.file}.ts:${line} imports ${type ? 'types of ' : ''}${target}`),
  )
  t.ok(sources.flatMap(({ imports }) => imports).length > 150, 'the imports were found')
  t.strictSame(wrong, [])
})

t.test('endpoints, grants and admin know no siblings, only their table', async (t) => {
  const tables = [
    'endpoints/paths',
    'grants/grant',
    'admin/access',
    'admin/journal_entry',
    'admin/part',
    'admin/schema',
  ]
  const lists = ['grants/index', 'admin/index']
  const wrong = sources
    .filter(({ file, room }) => ['endpoints', 'grants', 'admin'].includes(room) && !lists.includes(file))
    .flatMap(({ file, room, imports }) =>
      imports
        .filter(({ target }) => target.startsWith(`${room}/`) && !tables.includes(target))
        .map(({ target, line }) => `src/${file}.ts:${line} imports its sibling ${target}`),
    )
  t.strictSame(wrong, [])
})

t.test('nothing imports itself by a detour, types included', async (t) => {
  const graph = new Map(sources.map(({ file, imports }) => [file, imports]))
  const cycles: string[] = []
  const done = new Set<string>()
  const visit = (file: string, path: readonly string[]) => {
    if (done.has(file)) return
    for (const { target, line } of graph.get(file) ?? []) {
      const start = [...path, file].indexOf(target)
      if (start !== -1) cycles.push(`src/${file}.ts:${line} ${[...path, file, target].slice(start).join(' → ')}`)
      else visit(target, [...path, file])
    }
    done.add(file)
  }
  for (const file of graph.keys()) visit(file, [])
  t.strictSame(cycles, [])
})

for (const { title, pattern, allowed } of DOORS) {
  t.test(`one door: ${title}`, async (t) => {
    const [inside, outside] = [true, false].map((wanted) => sources.filter(({ file }) => allowed.test(file) === wanted))
    t.ok(
      inside!.some((source) => linesWith(pattern, source).length > 0),
      'the door is where it should be',
    )
    t.strictSame(
      outside!.flatMap((source) => linesWith(pattern, source)),
      [],
    )
  })
}

t.test('two providers in a process share nothing: no file keeps anything that changes', async (t) => {
  const state =
    /^(export )?(let|var) |^(export )?const \w+(?!: Readonly)[^=]*= (await )?(new (Weak)?(Map|Set)\b|new LRUCache)/
  const frozen = /^(export )?const \w+: Readonly(Set|Map)</
  t.strictSame(
    sources.flatMap((source) => linesWith(state, source)).filter((line) => !frozen.test(line.replace(/^\S+ /, ''))),
    [],
  )
})

t.test('a file has one subject: it begins with what it does, and ends before line 250', async (t) => {
  const wrong = sources
    .filter(({ file }) => !GENERATED.includes(file))
    .flatMap(({ file, lines }) => {
      const [first = ''] = lines.filter((line) => !line.startsWith('#!'))
      return [
        ...(first.startsWith('/**') ? [] : [`src/${file}.ts:1 ${first}`]),
        ...(lines.length <= 251 ? [] : [`src/${file}.ts:${lines.length} is too long`]),
      ]
    })
  t.strictSame(wrong, [])
})
