/** Doors for faults of JWTs: between the draft and its signature. OpenID Connect Core §3.1.3.7 says what a client checks. */
import type { Context } from '../../context.js'
import { shown } from '../../errors.js'
import { FAULT_CATALOGUE, type FaultAt, type FaultDoor, type FaultName } from '../catalogue.js'
import type { Facts, FaultRule } from '../rules.js'
import * as claims from './claims.js'
import type { Draft } from './draft.js'
import { type Applicable, findFault } from './find.js'
import { type DraftChange, SIGNATURE } from './signature.js'

export type JwtKind = Extract<FaultDoor, 'id_token' | 'access_token' | 'userinfo' | 'jarm' | 'logout_token'>

/** Facts about a JWT. */
export interface About {
  readonly client_id: string
  /** `sub` of the user, not a pairwise one. */
  readonly sub?: string
  readonly scope?: string
}

interface JwtChange {
  /** Returns whether the fault can happen to the draft. Undefined: to every draft of its kind. */
  fits?(draft: Draft, facts: Facts): boolean
  change(draft: Draft, ctx: Context, rule: FaultRule): Draft | Promise<Draft>
}

const EVERY = { ...onDrafts(SIGNATURE), ...onClaims(claims.AUDIENCE) }
const CLAIMS = { ...EVERY, ...onClaims(claims.CLAIMS) }

/** Changes of JWTs by fault. */
export const JWT_CHANGES: { readonly [K in JwtKind]: Readonly<Record<FaultAt<K>, JwtChange>> } = {
  id_token: {
    ...below('id_token', { ...CLAIMS, ...wrongTyp('at+jwt'), ...onClaims(claims.ID_TOKEN) }),
    ...below('id_token', { ...onHash('at_hash'), ...onHash('c_hash'), ...onHash('s_hash') }),
    ...below('token', inRefresh(onClaims(claims.REFRESH))),
  },
  access_token: below('access_token', { ...CLAIMS, ...wrongTyp('JWT'), ...onClaims(claims.ACCESS_TOKEN) }),
  userinfo: below('userinfo', { ...EVERY, ...onClaims(claims.USERINFO) }),
  jarm: below('jarm', EVERY),
  logout_token: below('logout_token', { ...CLAIMS, ...wrongTyp('at+jwt'), ...onClaims(claims.LOGOUT_TOKEN) }),
}

/** A draft after the fault, if one happens. */
export interface Drafted<K extends JwtKind = JwtKind> {
  readonly draft: Draft
  readonly rule?: Applicable<FaultAt<K>>
}

/** Applies the fault that happens to a JWT of this kind. */
export function changeJwt<K extends JwtKind>(ctx: Context, kind: K, draft: Draft, about: About): Promise<Drafted<K>> {
  return change(ctx, kind, draft, about, () => true)
}

/** Applies the fault that happens to a userinfo response in JSON, which has no signature. */
export async function changeUserinfo(ctx: Context, claims: Draft['claims'], about: About): Promise<Draft['claims']> {
  const unsigned = { header: { alg: 'none' }, claims }
  const isPossible = (name: FaultName) => FAULT_CATALOGUE[name].requires === undefined
  return (await change(ctx, 'userinfo', unsigned, about, isPossible)).draft.claims
}

/** Faults of an access token that need a JWT: those of its header and its signature. */
const OF_JWTS: ReadonlySet<FaultName> = new Set<FaultName>([
  ...(Object.keys(below('access_token', onDrafts(SIGNATURE))) as FaultName[]),
  'access_token.wrong_typ',
])

/** Applies the fault that happens to an opaque access token, which has claims at introspection, but no header and no signature. */
export async function changeOpaqueToken(ctx: Context, draft: Draft, about: About): Promise<Drafted<'access_token'>> {
  const opaque = `the access tokens of client ${shown(about.client_id)} are opaque`
  const drafted = await change(ctx, 'access_token', draft, about, (name) => {
    if (OF_JWTS.has(name)) ctx.remark('decision', `${name} cannot happen: ${opaque}`)
    return !OF_JWTS.has(name)
  })
  if (drafted.rule?.jwt_only) ctx.remark('decision', `${drafted.rule.fault} changes nothing: ${opaque}`)
  return drafted
}

async function change<K extends JwtKind>(
  ctx: Context,
  kind: K,
  draft: Draft,
  about: About,
  isPossible: (name: FaultName) => boolean,
): Promise<Drafted<K>> {
  const changes: Readonly<Record<FaultAt<K>, JwtChange>> = JWT_CHANGES[kind]
  const fits = (name: FaultAt<K>) => isPossible(name) && (changes[name].fits?.(draft, ctx.exchange.facts) ?? true)
  const rule = await findFault(ctx, kind, { facts: about, fits })
  if (rule === undefined) return { draft }
  const changed = await changes[rule.fault].change(draft, ctx, rule)
  if (isSame(draft, changed)) ctx.remark('decision', `${rule.fault} changes nothing: the token is the same without it`)
  return { draft: changed, rule }
}

function isSame(one: Draft, other: Draft): boolean {
  const text = ({ header, claims }: Draft) => JSON.stringify([header, claims])
  return text(one) === text(other) && one.key === other.key && one.spoil === other.spoil
}

type Changes<K extends string> = Record<K, JwtChange>

function onDrafts<K extends string>(changes: Readonly<Record<K, DraftChange>>): Changes<K> {
  return mapValues(changes, (change: DraftChange) => ({ change }))
}

function onClaims<K extends string>(changes: Readonly<Record<K, claims.ClaimsChange>>): Changes<K> {
  return mapValues(changes, (change: claims.ClaimsChange) => ({
    change: (draft, { now }, rule) => ({ ...draft, claims: change(draft.claims, rule, now) }),
  }))
}

/** A hash is changed in the ID token that has it: the ID tokens of a hybrid flow have different ones. */
function onHash<H extends string>(name: H): Changes<`${'wrong' | 'missing'}_${H}`> {
  const changes = onClaims({ wrong: claims.rehashed(name), missing: claims.without(name) })
  const fits: JwtChange['fits'] = (draft) => draft.claims[name] !== undefined
  const entries = Object.entries(changes).map(([key, change]) => [`${key}_${name}`, { ...change, fits }])
  return Object.fromEntries(entries) as Changes<`${'wrong' | 'missing'}_${H}`>
}

/** OpenID Connect Core §12.2: the ID token of a refresh. */
function inRefresh<K extends string>(changes: Changes<K>): Changes<K> {
  const fits: JwtChange['fits'] = (_draft, { grant_type }) => grant_type === 'refresh_token'
  return mapValues(changes, (change: JwtChange) => ({ ...change, fits }))
}

function wrongTyp(typ: string): Changes<'wrong_typ'> {
  // The configuration can give access tokens the `typ` of ID tokens, or none.
  const another = (right = 'JWT') => (right === typ ? 'logout+jwt' : typ)
  const change: JwtChange['change'] = ({ header, ...draft }) => ({
    ...draft,
    header: { ...header, typ: another(header.typ) },
  })
  return { wrong_typ: { change } }
}

function mapValues<K extends string, V>(values: Readonly<Record<K, V>>, map: (value: V) => JwtChange): Changes<K> {
  const entries = Object.entries<V>(values).map(([name, value]) => [name, map(value)])
  return Object.fromEntries(entries) as Changes<K>
}

function below<P extends string, K extends string>(prefix: P, changes: Changes<K>): Changes<`${P}.${K}`> {
  const entries = Object.entries(changes).map(([name, change]) => [`${prefix}.${name}`, change])
  return Object.fromEntries(entries) as Changes<`${P}.${K}`>
}
