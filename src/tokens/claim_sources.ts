/** Claims that others vouch for: aggregated and distributed ones. OpenID Connect Core §5.6.2: https://openid.net/specs/openid-connect-core-1_0.html#AggregatedDistributedClaims */
import type { Context } from '../context.js'
import type { User } from '../directory/users.js'
import { draftJwt } from '../faults/doors/draft.js'
import { type Claims, type Release, selectClaims } from '../oauth/claims.js'
import { PATHS } from '../routes.js'
import type { Grant } from '../store/records.js'
import { requireSigningKey, signJwt } from './jwt.js'

type Source = NonNullable<User['claim_sources']>[string]

/**
 * The members `_claim_names` and `_claim_sources`; none where no source has a claim that is released.
 * @param access_token what the client gets with the answer, or came with, if anything.
 */
export async function describeSources(
  ctx: Context,
  { claim_sources = {} }: User,
  release: Release,
  access_token: string | undefined,
): Promise<Claims> {
  const names: [string, string][] = []
  const sources: [string, object][] = []
  for (const [name, source] of Object.entries(claim_sources)) {
    const claims = selectClaims(ctx.snapshot, source.claims, release)
    const own = Object.keys(claims)
    if (own.length === 0) continue
    names.push(...own.map((claim): [string, string] => [claim, name]))
    const reference = source.distributed
      ? locate(ctx, name, source, access_token)
      : { JWT: await signSource(ctx, claims) }
    sources.push([name, reference])
  }
  if (sources.length === 0) return {}
  return { _claim_names: Object.fromEntries(names), _claim_sources: Object.fromEntries(sources) }
}

/** What a source of distributed claims answers to the bearer of an access token; undefined where that is nothing. */
export async function signClaims(
  ctx: Context,
  { claims }: Source,
  { scope, grant }: { readonly scope: string; readonly grant: Grant },
): Promise<string | undefined> {
  // Either place may have sent the client here.
  const released = (['id_token', 'userinfo'] as const).map((place) =>
    selectClaims(ctx.snapshot, claims, { scope, claims: grant.claims, place, has_userinfo: true }),
  )
  const all = Object.assign({}, ...released) as Claims
  return Object.keys(all).length === 0 ? undefined : signSource(ctx, all)
}

function locate(ctx: Context, name: string, source: Source, access_token: string | undefined): object {
  const path = PATHS.distributed_claims.replace(':source', encodeURIComponent(name))
  // Somebody else's endpoint doesn't get a token of ours.
  const token = source.access_token ?? (source.endpoint === undefined ? access_token : undefined)
  return { endpoint: source.endpoint ?? ctx.internal_url + path, ...(token !== undefined && { access_token: token }) }
}

/** OpenID Connect Core §5.6.2: without a `sub`, since that would be the user's at the source; untyped, so no ID token. */
async function signSource(ctx: Context, claims: Claims): Promise<string> {
  return signJwt(draftJwt(await requireSigningKey(ctx), undefined, { ...claims, iss: ctx.issuer }))
}
