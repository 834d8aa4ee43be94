/** Errors and faults that the pages of a login offer: those that can happen with the request. */
import type { Rules } from '../config/profiles.js'
import { FAULT_CATALOGUE } from '../faults/catalogue.js'
import { type FaultChoice, LOGIN_PAGE_ERRORS, LOGIN_PAGE_FAULTS } from '../faults/choice.js'
import type { AuthorizationRequest } from '../oauth/authorization_request.js'
import { words } from '../oauth/params.js'
import type { FaultOptions } from '../pages/render.js'

/** @param choice the previous submission, shown as selected. */
export function describeFaultOptions(
  { scope, client }: AuthorizationRequest,
  choice: FaultChoice | undefined,
  rules: Rules,
): FaultOptions {
  const conditions = {
    openid: words(scope).includes('openid'),
    signed_userinfo: client.userinfo_signed_response_alg !== undefined,
    backchannel_logout: client.backchannel_logout_uri !== undefined,
    iss: rules.iss_parameter || client.authorization_signed_response_alg !== undefined,
    rotation: rules.rotate_refresh_tokens && client.token_endpoint_auth_method === 'none',
  }
  const groups = new Map<string, { name: string; effect: string }[]>()
  for (const name of LOGIN_PAGE_FAULTS) {
    const { section, effect, requires } = FAULT_CATALOGUE[name]
    if (requires !== undefined && !conditions[requires]) continue
    const option = { name, effect: effect.replaceAll('`', '') }
    groups.set(section, [...(groups.get(section) ?? []), option])
  }
  return {
    errors: LOGIN_PAGE_ERRORS,
    groups: [...groups].map(([label, faults]) => ({ label, faults })),
    ...(choice?.error !== undefined && { error: choice.error }),
    ...(choice?.fault !== undefined && { fault: choice.fault }),
    ...(choice?.problem !== undefined && { problem: choice.problem }),
  }
}
