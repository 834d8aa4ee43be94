/** The authentication context class of a login. OpenID Connect Core §3.1.2.1 and §5.5.1.1. */
import type { Context } from '../context.js'
import { shown, unmetAuthenticationRequirements } from '../errors.js'
import type { AuthorizationRequest } from '../oauth/authorization_request.js'

/**
 * Returns the first requested acr that the provider supports; undefined without such an acr.
 * @throws unmet_authentication_requirements if an essential acr is not supported.
 */
// Departure: every login gets the requested context if it is supported, although no login checks a password.
export function readAcr(ctx: Context, { acr_values, claims }: AuthorizationRequest): string | undefined {
  const supported = ctx.snapshot.config.acr_values
  const requested = Object.entries(claims?.id_token ?? {}).find(([name]) => name === 'acr')
  if (requested === undefined) return acr_values.find((one) => supported.includes(one))
  const { essential, value, values = [value] } = requested[1] ?? {}
  const named = values.filter((one) => one !== undefined)
  // OpenID Connect Core §5.5.1: a claim requested without a value may have any value.
  const choices = named.length > 0 ? named : [...acr_values, ...supported]
  const acr = choices.find((one): one is string => supported.some((other) => other === one))
  // OpenID Connect Core §5.5.1.1: the authentication fails if an essential acr cannot be met.
  if (essential === true && acr === undefined) {
    const requested = choices.map((one) => (typeof one === 'string' ? one : JSON.stringify(one)))
    throw unmetAuthenticationRequirements(
      `the essential acr of claims is ${shown(requested.join(', ')) || 'any'}, expected one of ${supported.join(', ') || 'none'}`,
    )
  }
  return acr
}
