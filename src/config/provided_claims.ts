/** The claims of tokens that the provider sets, and their checks. RFC 9068 §2.2 and OpenID Connect Core §2. */
import type { FaultName } from '../faults/catalogue.js'
import type { Config } from '../generated/types.js'
import type { Complaint } from './errors.js'
import { show } from './show.js'

type Claims = Readonly<Record<string, unknown>>

/** A place with claims of a user. */
export type Place = 'id_token' | 'access_token' | 'userinfo'

/** The ways to change a claim, next to minting a token. */
interface Ways {
  /** The key of the configuration. */
  readonly key?: string
  readonly fault?: FaultName
}

/** Claims that a configuration cannot set. OpenID Connect Core §2: `acr`, `amr` and `azp` are about the login, so it can. */
const PROVIDED: Readonly<Record<Place, Readonly<Record<string, Ways>>>> = {
  access_token: {
    iss: { fault: 'access_token.wrong_iss' },
    sub: {},
    client_id: {},
    iat: { fault: 'access_token.stale_iat' },
    exp: { key: 'lifetimes.access_token', fault: 'access_token.expired' },
    auth_time: {},
    jti: {},
    scope: { fault: 'access_token.insufficient_scope' },
  },
  id_token: {
    iss: { fault: 'id_token.wrong_iss' },
    sub: {},
    iat: { fault: 'id_token.stale_iat' },
    exp: { key: 'lifetimes.id_token', fault: 'id_token.expired' },
    auth_time: {},
    nonce: { fault: 'id_token.wrong_nonce' },
    sid: {},
    at_hash: { fault: 'id_token.wrong_at_hash' },
    c_hash: { fault: 'id_token.wrong_c_hash' },
    s_hash: { fault: 'id_token.wrong_s_hash' },
  },
  userinfo: { sub: { fault: 'userinfo.wrong_sub' } },
}

/** Members that the `claim_sources` of a user set. OpenID Connect Core §5.6.2. */
const OF_SOURCES = ['_claim_names', '_claim_sources']

/**
 * Yields the problems of claims for one place.
 * @param user the user with the claims; absent if they are the claims of every user.
 */
export function* checkOwnClaims(
  path: readonly string[],
  place: Place,
  claims: Claims,
  user: { readonly sub: string; readonly claim_sources?: object } | undefined,
): Iterable<Complaint> {
  const complaint = (name: string, expected: string): Complaint => ({
    path: [...path, name],
    at: 'value',
    message: `is ${show(claims[name], false, '')}, expected ${expected}`,
  })
  const hasSources = Object.keys(user?.claim_sources ?? {}).length > 0
  for (const [name, value] of Object.entries(claims)) {
    const ways = Object.hasOwn(PROVIDED[place], name) ? PROVIDED[place][name] : undefined
    if (name === 'sub' && user !== undefined) {
      if (value !== user.sub) yield complaint(name, expectedSub(user.sub, listWays(place, ways!)))
    } else if (ways !== undefined) {
      yield complaint(name, `no value, because the provider sets ${name}; to change it, ${listWays(place, ways)}`)
    } else if (name === 'aud' && place !== 'userinfo' && !isAudience(value)) {
      const missing = `for no aud, use the fault ${place}.missing_aud`
      yield complaint(name, `a text or a list of texts, such as https://api.example.com; ${missing}`)
    } else if (hasSources && OF_SOURCES.includes(name)) {
      yield complaint(name, 'no value, because claim_sources sets it; write the source under claim_sources')
    }
  }
}

/** Yields a warning for each claim of a user, for every place, that the provider replaces in the ID token. */
export function* checkSharedClaims({ users }: Config): Iterable<Complaint> {
  for (const [index, { claims }] of users.entries()) {
    for (const [name, value] of Object.entries(claims)) {
      const way = name === 'sub' ? undefined : findWay(name)
      if (way === undefined) continue
      const message = `is ${show(value, false, '')}, but only userinfo has this value, because the provider sets ${name} of ID tokens; ${way}`
      yield { path: ['users', String(index), 'claims', name], at: 'value', message }
    }
  }
}

function findWay(name: string): string | undefined {
  if (name === 'aud') return 'for another audience, write aud under id_token or access_token'
  const ways = Object.hasOwn(PROVIDED.id_token, name) ? PROVIDED.id_token[name] : undefined
  return ways && `to change it there, ${listWays('id_token', ways)}`
}

/** Describes the `sub` that claims of a user can have. */
export function expectedSub(sub: string, ways = ''): string {
  return `the user's sub "${sub}"${ways === '' ? '' : `; for another one, ${ways}`}`
}

function listWays(place: Place, { key, fault }: Ways): string {
  const ways = [
    ...(key === undefined ? [] : [`set ${key}`]),
    ...(fault === undefined ? [] : [`use the fault ${fault}`]),
    ...(place === 'userinfo' ? [] : ['mint the token by POST /admin/tokens with claims']),
  ]
  return ways.length < 2 ? ways.join('') : `${ways.slice(0, -1).join(', ')}, or ${ways.at(-1)}`
}

/** RFC 7519 §4.1.3: a text or a list of texts. */
function isAudience(value: unknown): boolean {
  const values = [value].flat()
  return values.length > 0 && values.every((one) => typeof one === 'string' && one !== '')
}
