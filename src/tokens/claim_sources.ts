/** Aggregated and distributed claims. OpenID Connect Core §5.6.2: https://openid.net/specs/openid-connect-core-1_0.html#AggregatedDistributedClaims */
import type { Context } from '../context.js'
import type { User } from '../directory/users.js'
import { draftJwt } from '../faults/doors/draft.js'
import { type Claims, type Release, selectClaims } from '../oauth/claims.js'
import { PATHS } from '../routes.js'
import type { Grant } from '../store/records.js'
import { requireSigningKey, signJwt } from './jwt.js'

type Source = NonNullable<User['claim_sources']>[string]

/**
 * Returns the members `_claim_names` and `_claim_sources`; neither if no source has a released claim.
 * @param access_token the access token of the response or of the request, if there is one.
 */
export async function referToSources(
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
      ? describeEndpoint(ctx, name, source, access_token)
      : { JWT: await signSource(ctx, claims) }
    sources.push([name, reference])
  }
  if (sources.length === 0) return {}
  return { _claim_names: Object.fromEntries(names), _claim_sources: Object.fromEntries(sources) }
}

/** Creates the JWT of a source of distributed claims; undefined if no claim is released for the access token. */
export async function createDistributedClaims(
  ctx: Context,
  { claims }: Source,
  { scope, grant }: { readonly scope: string; readonly grant: Grant },
): Promise<string | undefined> {
  // Both the ID token and userinfo can refer the client to this source.
  const released = (['id_token', 'userinfo'] as const).map((place) =>
    selectClaims(ctx.snapshot, claims, { scope, claims: grant.claims, place, has_userinfo: true }),
  )
  const all = Object.assign({}, ...released) as Claims
  return Object.keys(all).length === 0 ? undefined : signSource(ctx, all)
}

function describeEndpoint(ctx: Context, name: string, source: Source, access_token: string | undefined): object {
  const path = PATHS.distributed_claims.replace(':source', encodeURIComponent(name))
  // An external endpoint must not receive an access token of this issuer.
  const token = source.access_token ?? (source.endpoint === undefined ? access_token : undefined)
  return { endpoint: source.endpoint ?? ctx.internal_url + path, ...(token !== undefined && { access_token: token }) }
}

/**
 * Signs the claims of a source. OpenID Connect Core §5.6.2: `sub`, the user's identifier at the source, is optional. Without
 * a `typ`, the JWT cannot be used as an ID token.
 */
async function signSource(ctx: Context, claims: Claims): Promise<string> {
  return signJwt(draftJwt(await requireSigningKey(ctx), undefined, { ...claims, iss: ctx.issuer }))
}
