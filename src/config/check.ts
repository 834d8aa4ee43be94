/** What a schema can't say: whether the parts of a configuration fit each other. */
import { checkServer } from './check_server.js'
import { parseDuration } from './duration.js'
import type { Complaint } from './errors.js'
import type { Pruned } from './schema.js'
import type { Alg, Client, Config, EncryptionKey, Key, User } from './types.js'

/** OpenID Connect Core §5.4 and §11; these need no entry under `scopes`. */
const STANDARD_SCOPES = ['openid', 'profile', 'email', 'address', 'phone', 'offline_access']
const CLAIM_SECTIONS = ['claims', 'id_token', 'userinfo', 'access_token'] as const
const KEY_SOURCES = ['file', 'pem', 'jwk', 'keep_in'] as const
const LONGEST_DURATION = 3_155_760_000

type Found = Iterable<Complaint>

/** Everything that doesn't fit. What the schema refused is missing in `config`, and nothing is said about it. */
export function check(config: Pruned<Config>): Complaint[] {
  const { users = [], clients = [], keys = [], encryption_keys = [] } = config
  return [
    ...checkServer(config),
    ...checkLifetimes(config),
    ...checkScopes(config),
    ...repeated('sub', { users: users.map((user) => user?.sub) }),
    ...users.flatMap((user, index) => [...checkUser(['users', String(index)], user ?? {})]),
    ...repeated('client_id', { clients: clients.map((client) => client?.client_id) }),
    ...clients.flatMap((client, index) => [...checkClient(['clients', String(index)], client ?? {}, config)]),
    ...repeated('keep_in', {
      keys: keys.map((key) => key?.keep_in),
      encryption_keys: encryption_keys.map((key) => key?.keep_in),
    }),
    ...keys.flatMap((key, index) => [...checkKey(['keys', String(index)], key ?? {})]),
    ...encryption_keys.flatMap((key, index) => [...checkKey(['encryption_keys', String(index)], key ?? {})]),
  ]
}

/** The members that a key's material may come from and that this one has. */
export function keySources(key: Pruned<Key | EncryptionKey>): (typeof KEY_SOURCES)[number][] {
  return KEY_SOURCES.filter((source) => source in key)
}

/** A complaint for each value that an earlier entry of these lists has, too. */
export function* repeated(
  member: string,
  lists: Readonly<Record<string, readonly (string | undefined)[]>>,
): Iterable<Complaint> {
  const seen = new Map<string, string>()
  for (const [list, values] of Object.entries(lists)) {
    for (const [index, value] of values.entries()) {
      if (value === undefined) continue
      const earlier = seen.get(value)
      if (earlier === undefined) seen.set(value, list)
      else {
        const message = `must be unique, but an earlier entry of ${earlier} has "${value}", too`
        yield { path: [list, String(index), member], at: 'value', message }
      }
    }
  }
}

function* checkLifetimes({ lifetimes = {} }: Pruned<Config>): Found {
  for (const [name, value] of Object.entries(lifetimes)) {
    if (typeof value !== 'string') continue
    const seconds = parseDuration(value)
    if (seconds >= 1 && seconds <= LONGEST_DURATION) continue
    const message = `must be from 1 second to ${LONGEST_DURATION} seconds (100 years), but "${value}" is ${seconds}`
    yield { path: ['lifetimes', name], at: 'value', message }
  }
}

function* checkScopes({ scopes = {} }: Pruned<Config>): Found {
  // OpenID Connect Core §3.1.2.1: `openid` says that it is an OpenID Connect request; it stands for no claims of ours.
  if (Object.hasOwn(scopes, 'openid')) {
    yield { path: ['scopes', 'openid'], at: 'key', message: "can't be defined; claims without a scope go to everybody" }
  }
}

function* checkUser(path: readonly string[], user: Pruned<User>): Found {
  if (user.sub === undefined) return
  for (const section of CLAIM_SECTIONS) {
    const claims = user[section] ?? {}
    if (!Object.hasOwn(claims, 'sub') || claims.sub === user.sub) continue
    yield { path: [...path, section, 'sub'], at: 'value', message: `must not differ from the user's sub "${user.sub}"` }
  }
}

function* checkClient(path: readonly string[], client: Pruned<Client>, config: Pruned<Config>): Found {
  const method = client.token_endpoint_auth_method
  if (method?.startsWith('client_secret') && !('client_secret' in client)) {
    const message = `lacks the client_secret that ${method} needs; add one, or make it a public client with token_endpoint_auth_method: none`
    yield { path, at: 'value', message }
  }
  const alg = client.id_token_signed_response_alg
  const algs = config.keys?.map((key) => key?.alg)
  const byKey = alg !== undefined && alg !== 'none' && !alg.startsWith('HS')
  if (byKey && algs !== undefined && !algs.includes(alg as Alg) && !algs.includes(undefined)) {
    const message = `is ${alg}, but the keys are for ${algs.join(', ')}; add a key with alg: ${alg} under keys`
    yield { path: [...path, 'id_token_signed_response_alg'], at: 'value', message }
  }
  if (config.scopes !== undefined) yield* checkClientScope([...path, 'scope'], client.scope ?? '', config.scopes)
  const wildcards = client.wildcard_redirect_uris === true || config.wildcard_redirect_uris === true
  for (const [index, uri] of (client.redirect_uris ?? []).entries()) {
    const message = uri && redirectUriProblem(uri, wildcards)
    if (message) yield { path: [...path, 'redirect_uris', String(index)], at: 'value', message }
  }
}

function* checkClientScope(path: readonly string[], scope: string, scopes: object): Found {
  for (const name of scope.split(' ')) {
    if (name === '' || STANDARD_SCOPES.includes(name) || Object.hasOwn(scopes, name)) continue
    yield { path, at: 'value', message: `names the scope ${name}, which is neither a standard one nor under scopes` }
  }
}

function redirectUriProblem(uri: string, wildcards: boolean): string | undefined {
  if (uri.includes('*') && !wildcards) {
    return 'has a *, which stands for itself unless wildcard_redirect_uris: true is set, for this client or for all'
  }
  // `localhost:3000/callback` would be an absolute URI of the scheme `localhost`, but nobody means that.
  if (!URL.canParse(uri.replaceAll('*', '1')) || /^[^/]*:\d/.test(uri)) {
    return `must be an absolute URI such as http://localhost:3000/callback, but is "${uri}"`
  }
  // RFC 6749 §3.1.2: the redirection endpoint URI must not include a fragment.
  return uri.includes('#') ? `must not have a fragment, but is "${uri}"` : undefined
}

function* checkKey(path: readonly string[], key: Pruned<Key | EncryptionKey>): Found {
  const sources = keySources(key)
  if (sources.length < 2) return
  yield { path, at: 'value', message: `has ${sources.join(' and ')}, but a key comes from one of them only` }
}
