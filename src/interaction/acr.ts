/** Which authentication context a login has. OpenID Connect Core §3.1.2.1 and §5.5.1.1. */
import type { Context } from '../context.js'
import { shown, unmetAuthenticationRequirements } from '../errors.js'
import type { AuthorizationRequest } from '../oauth/authorization_request.js'

/**
 * The first that was asked for and that logins here can have; undefined where none was asked for, or none fits.
 * @throws unmet_authentication_requirements where none fits and the request says that one is essential.
 */
// Departure: a login without a password is as good as any other, so it has whichever supported context is asked for.
export function readAcr(ctx: Context, { acr_values, claims }: AuthorizationRequest): string | undefined {
  const supported = ctx.snapshot.config.acr_values
  const wanted = Object.entries(claims?.id_token ?? {}).find(([name]) => name === 'acr')
  if (wanted === undefined) return acr_values.find((one) => supported.includes(one))
  const { essential, value, values = [value] } = wanted[1] ?? {}
  const named = values.filter((one) => one !== undefined)
  // OpenID Connect Core §5.5.1: what is asked for without a value may have any.
  const choices = named.length > 0 ? named : [...acr_values, ...supported]
  const acr = choices.find((one): one is string => supported.some((other) => other === one))
  // OpenID Connect Core §5.5.1.1: an essential acr that can't be had is a failed authentication.
  if (essential === true && acr === undefined) {
    const asked = choices.map((one) => (typeof one === 'string' ? one : JSON.stringify(one)))
    throw unmetAuthenticationRequirements(
      `claims says that acr is essential, as ${shown(asked.join(', ')) || 'any'}, expected one of ${supported.join(', ') || 'none'}`,
    )
  }
  return acr
}
