/** The door where JWTs go wrong: between what they would have been and the signature. OpenID Connect Core §3.1.3.7 says what a client has to notice. */

import type { Context } from '../../context.js'
import type { Claims } from '../../oauth/claims.js'
import type { Draft } from '../../tokens/jwt.js'
import type { FaultName } from '../row.js'
import {
  ACCESS_TOKEN,
  AUDIENCE,
  CLAIMS,
  type ClaimsChange,
  ID_TOKEN,
  LOGOUT_TOKEN,
  REFRESH,
  type Said,
  USERINFO,
} from './claims.js'
import { type Applicable, findFault } from './find.js'
import { type DraftChange, SIGNATURE } from './signature.js'

export type JwtKind = 'id_token' | 'access_token' | 'userinfo' | 'jarm' | 'logout_token'

/** Whom a JWT is about. */
export interface About {
  readonly client_id: string
  /** The end-user's own `sub`. */
  readonly sub?: string
  readonly scope?: string
}

type Change = (draft: Draft, ctx: Context, said: Said) => Draft | Promise<Draft>

const EVERY = { ...SIGNATURE, ...claimsOf(AUDIENCE) }
const typed = (typ: string) => ({
  wrong_typ: ({ header, ...draft }: Draft): Draft => ({ ...draft, header: { ...header, typ } }),
})

/** What each fault makes of a draft. */
export const FAULTY_JWTS = {
  ...below('id_token', { ...EVERY, ...typed('at+jwt'), ...claimsOf({ ...CLAIMS, ...ID_TOKEN }) }),
  ...below('access_token', { ...EVERY, ...typed('JWT'), ...claimsOf({ ...CLAIMS, ...ACCESS_TOKEN }) }),
  ...below('userinfo', { ...EVERY, ...claimsOf(USERINFO) }),
  ...below('jarm', EVERY),
  ...below('logout_token', { ...EVERY, ...typed('at+jwt'), ...claimsOf({ ...CLAIMS, ...LOGOUT_TOKEN }) }),
  ...below('token', claimsOf(REFRESH)),
} as const satisfies Partial<Record<FaultName, Change>>

export type JwtFault = keyof typeof FAULTY_JWTS
const NAMES = Object.keys(FAULTY_JWTS) as JwtFault[]

/** What of userinfo is wrong without a signature as well. */
const UNSIGNED = ['userinfo.wrong_sub', 'userinfo.missing_sub'] as const satisfies readonly JwtFault[]

/** What is to be signed in the draft's place; the draft, where no fault is to happen. */
export async function applyFault(
  ctx: Context,
  kind: JwtKind,
  draft: Draft,
  about: About,
): Promise<{ readonly faulty: Draft; readonly rule?: Applicable<JwtFault> }> {
  const names = NAMES.filter((name) => isOf(ctx, kind, name) && hasHash(draft, name))
  return apply(ctx, names, draft, about)
}

/** The same for userinfo that nobody signs. */
export async function applyToUserinfo(ctx: Context, claims: Claims, about: About): Promise<Claims> {
  return (await apply(ctx, UNSIGNED, { header: { alg: 'none' }, claims }, about)).faulty.claims
}

async function apply(ctx: Context, names: readonly JwtFault[], draft: Draft, about: About) {
  const rule = await findFault(ctx, names, about)
  if (rule === undefined) return { faulty: draft }
  const { fault } = rule
  const change: Change = FAULTY_JWTS[fault]
  const faulty = await change(draft, ctx, { ...rule, now: ctx.now })
  if (isSame(draft, faulty)) ctx.remark('decision', `${fault} changes nothing: so it would have been without it`)
  return { faulty, rule }
}

function isOf({ exchange }: Context, kind: JwtKind, name: JwtFault): boolean {
  // OpenID Connect Core §12.2: the ID token of a refresh.
  if (name.startsWith('token.')) return kind === 'id_token' && exchange.facts.grant_type === 'refresh_token'
  return name.startsWith(`${kind}.`)
}

/** A hash goes wrong in the ID token that has one: of those of a hybrid flow each has others. */
function hasHash({ claims }: Draft, name: JwtFault): boolean {
  const [, hash] = /_((?:at|c|s)_hash)$/.exec(name) ?? []
  return hash === undefined || claims[hash] !== undefined
}

function isSame(one: Draft, other: Draft): boolean {
  const text = ({ header, claims }: Draft) => JSON.stringify([header, claims])
  return text(one) === text(other) && one.key === other.key && one.spoil === other.spoil
}

function claimsOf<K extends string>(changes: Readonly<Record<K, ClaimsChange>>): Record<K, Change> {
  const entries = Object.entries<ClaimsChange>(changes).map(([name, change]): [string, Change] => [
    name,
    (draft, _, said) => ({ ...draft, claims: change(draft.claims, said) }),
  ])
  return Object.fromEntries(entries) as Record<K, Change>
}

function below<P extends string, K extends string>(prefix: P, changes: Readonly<Record<K, Change | DraftChange>>) {
  const entries = Object.entries(changes).map(([name, change]) => [`${prefix}.${name}`, change])
  return Object.fromEntries(entries) as Record<`${P}.${K}`, Change>
}
