/** Remembered consents, so that the end-user is not asked again. OpenID Connect Core §3.1.2.4. */
import type { Context } from '../context.js'
import type { AuthorizationRequest } from '../oauth/authorization_request.js'
import { words } from '../oauth/params.js'
import { expiryOf } from '../store/collections.js'
import type { ClaimsRequest, Consent } from '../store/records.js'

/** Maximum number of scopes, and of claims per place, in a consent. */
const MOST = 200

/** Returns whether the end-user has consented to the whole request. */
export async function hasConsented(ctx: Context, { client, scope, claims }: AuthorizationRequest, sub: string) {
  const given = await ctx.store.consents.get(consentKey(sub, client.client_id))
  return (
    given !== undefined &&
    includesAll(words(given.scope), words(scope)) &&
    includesAll(namesOf(given.claims, 'id_token'), namesOf(claims, 'id_token')) &&
    includesAll(namesOf(given.claims, 'userinfo'), namesOf(claims, 'userinfo'))
  )
}

/** Adds the consent to the request to the remembered consent. */
export async function recordConsent(ctx: Context, { client, scope, claims }: AuthorizationRequest, sub: string) {
  await ctx.store.consents.update(consentKey(sub, client.client_id), (before) => ({
    ...joinConsent(before, scope, claims),
    expires_at: expiryOf('consents', ctx),
  }))
}

function joinConsent(before: Consent | undefined, scope: string, claims: ClaimsRequest | undefined) {
  const join = (place: keyof ClaimsRequest) => {
    const names = [...new Set([...namesOf(claims, place), ...namesOf(before?.claims, place)])]
    return Object.fromEntries(names.slice(0, MOST).map((name) => [name, null]))
  }
  const scopes = words(`${scope} ${before?.scope ?? ''}`).slice(0, MOST)
  return {
    scope: scopes.join(' '),
    claims: { id_token: join('id_token'), userinfo: join('userinfo') },
  }
}

/** Returns the names of the individually requested claims. */
export function namesOf(claims: ClaimsRequest | undefined, place: keyof ClaimsRequest): string[] {
  return Object.keys(claims?.[place] ?? {})
}

const consentKey = (sub: string, client_id: string) => JSON.stringify([sub, client_id])
const includesAll = (given: readonly string[], wanted: readonly string[]) => wanted.every((one) => given.includes(one))
