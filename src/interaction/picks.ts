/** What the pages of a login offer to go wrong with it, as far as it can with this request. */

import { PICKABLE_ERRORS, PICKABLE_FAULTS, type Picked } from '../faults/picked.js'
import type { AuthorizationRequest } from '../oauth/authorization_request.js'
import { words } from '../oauth/params.js'
import type { PagePicks } from '../pages/render.js'

const GROUPS = {
  id_token: 'ID token',
  access_token: 'Access token',
  authorize: 'Authorization response',
  token: 'Token response',
  userinfo: 'Userinfo',
}

/** @param picked what was picked before, to be picked still. */
export function describePicks({ scope, client }: AuthorizationRequest, picked: Picked | undefined): PagePicks {
  const openid = words(scope).includes('openid')
  const signed = client.userinfo_signed_response_alg !== undefined
  const offered = PICKABLE_FAULTS.filter(({ name }) => {
    if (name.startsWith('id_token.')) return openid
    // What is wrong with a signature or its token is wrong with none.
    return signed || !name.startsWith('userinfo.') || OF_ANY_USERINFO.test(name)
  })
  const groups = Object.entries(GROUPS).map(([prefix, label]) => {
    const faults = offered.filter(({ name }) => name.startsWith(`${prefix}.`))
    return { label, faults: faults.map(({ name, effect }) => ({ name, effect: effect.replaceAll('`', '') })) }
  })
  return {
    errors: PICKABLE_ERRORS,
    groups: groups.filter(({ faults }) => faults.length > 0),
    ...(picked?.error !== undefined && { error: picked.error }),
    ...(picked?.fault !== undefined && { fault: picked.fault }),
    ...(picked?.problem !== undefined && { problem: picked.problem }),
  }
}

const OF_ANY_USERINFO = /^userinfo\.(?:wrong_sub|missing_sub|rejects_token|insufficient_scope)$/
