/** The access token: a JWT that resource servers can verify (RFC 9068: https://www.rfc-editor.org/rfc/rfc9068), or a random text. */
import type { Context } from '../context.js'
import type { Client } from '../directory/clients.js'
import type { User } from '../directory/users.js'
import { describeFaultyRecord } from '../faults/doors/access_token_record.js'
import { draftJwt } from '../faults/doors/draft.js'
import { type About, changeJwt, changeOpaqueToken } from '../faults/doors/jwt.js'
import type { Claims } from '../oauth/claims.js'
import type { StoredGrant } from '../oauth/grant.js'
import { findScopeTarget } from '../oauth/resource.js'
import { subjectFor } from '../oauth/subject.js'
import { randomToken } from '../random.js'
import type { AccessToken } from '../store/records.js'
import { requireSigningKey, signJwt } from './jwt.js'
import { without } from './own_claims.js'
import { applyPreset } from './preset_claims.js'

/** Overrides for the claims and the lifetime of a token. */
export interface TokenOverrides {
  readonly claims?: Readonly<Record<string, unknown>>
  /** Seconds. */
  readonly expires_in?: number | undefined
  /** Time of issue, in seconds since the epoch. Default: now. */
  readonly issued_at?: number
}

/** The grant that an access token is issued for. */
interface AccessTokenSubject extends StoredGrant {
  readonly client: Client
  /** Absent for a grant without an end-user. */
  readonly user: User | undefined
  readonly scope: string
  /** RFC 8707 §2: the resources that the token is for. */
  readonly resource?: readonly string[]
  readonly overrides?: TokenOverrides
}

/** Creates an access token and stores its record. */
export async function createAccessToken(ctx: Context, subject: AccessTokenSubject): Promise<string> {
  const { client, grant_id, user, scope, overrides = {} } = subject
  const { format, typ, ...settings } = findSettings(ctx, client)
  const exp = ctx.now + (overrides.expires_in ?? ctx.snapshot.lifetimes.access_token)
  const claims = describeToken(ctx, subject, exp, settings.claims)
  const about = { client_id: client.client_id, ...(user !== undefined && { sub: user.sub }), scope }
  const { token, record } =
    format === 'opaque' ? await createOpaqueToken(ctx, claims, about) : await createJwt(ctx, typ, claims, about)
  await ctx.store.access_tokens.put(token, { grant_id, scope, expires_at: exp, ...record })
  return token
}

/** Returns the settings of the client, and for members that it lacks those of the configuration. */
function findSettings({ snapshot }: Context, { access_tokens: own = {} }: Client) {
  const { claims, ...shared } = snapshot.config.access_tokens
  return { ...shared, ...own, claims: { ...claims, ...own.claims } }
}

/** Returns the claims of the token. RFC 9068 §2.2. */
function describeToken(ctx: Context, subject: AccessTokenSubject, exp: number, shared: Claims): Claims {
  const { client, grant, user, scope, resource = [], overrides = {} } = subject
  // RFC 9068 §2.2: without an end-user, `sub` is the client. OpenID Connect Core §8: a pairwise `sub` is the same as
  // in the ID token.
  const sub = user === undefined ? client.client_id : subjectFor(ctx, client, user.sub)
  const claims = {
    iss: ctx.issuer,
    sub,
    // RFC 9068 §3: without a resource parameter, a default audience; the issuer is the resource that userinfo serves.
    aud: ctx.issuer,
    client_id: client.client_id,
    iat: overrides.issued_at ?? ctx.now,
    exp,
    ...(grant.auth_time !== undefined && { auth_time: grant.auth_time }),
    jti: randomToken(),
    scope,
  }
  const target = findScopeTarget(ctx, scope)
  const audience = resource.length > 0 || target === undefined ? resource : [target.aud]
  const about = { user, client, sub, scope, resource_scope: target?.scope, sid: grant.sid }
  return {
    ...applyPreset(ctx, 'access_token', claims, about),
    ...shared,
    // The configuration takes precedence over the preset. A `sub` of the user's own is the same as above.
    ...without(user?.access_token ?? {}, 'sub'),
    // RFC 8707 §2: the audience is the requested resource.
    ...(audience.length > 0 && { aud: audience.length === 1 ? audience[0] : audience }),
    ...overrides.claims,
  }
}

/** A token, and the members of its record that depend on its form. */
interface Created {
  readonly token: string
  readonly record: Partial<AccessToken>
}

/** @param typ the header's `typ`; RFC 9068 §2.1: `at+jwt`. */
async function createJwt(ctx: Context, typ: string | null, claims: Claims, about: About): Promise<Created> {
  const unsigned = draftJwt(await requireSigningKey(ctx), typ ?? undefined, claims)
  const drafted = await changeJwt(ctx, 'access_token', unsigned, about)
  return { token: await signJwt(drafted.draft), record: describeFaultyRecord(unsigned, drafted) }
}

/** RFC 6749 §1.4: a text without meaning for anyone but this provider, whose record has the claims. */
async function createOpaqueToken(ctx: Context, claims: Claims, about: About): Promise<Created> {
  const draft = { header: { alg: 'none' }, claims }
  const drafted = await changeOpaqueToken(ctx, draft, about)
  return { token: randomToken(), record: { claims, ...describeFaultyRecord(draft, drafted) } }
}
