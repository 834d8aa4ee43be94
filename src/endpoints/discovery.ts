/** The provider's metadata, derived from the tables. OpenID Connect Discovery §3 and §4: https://openid.net/specs/openid-connect-discovery-1_0.html */
import type { FastifyPluginAsync } from 'fastify'
import type { Context } from '../context.js'
import { TOKEN_ENDPOINT_AUTH_METHODS } from '../oauth/client_authentication.js'
import { GRANT_TYPES } from '../oauth/client_metadata.js'
import { CODE_CHALLENGE_METHODS } from '../oauth/pkce.js'
import { RESPONSE_MODES } from '../oauth/response_mode.js'
import { RESPONSE_TYPES } from '../oauth/response_type.js'
import { listScopes } from '../oauth/scopes.js'
import { ENDPOINTS, FRONT_CHANNEL, PATHS } from './paths.js'

export const discovery: FastifyPluginAsync = async (app) => {
  app.get(PATHS.discovery, async ({ ctx }) => describeProvider(ctx))
}

function describeProvider(ctx: Context) {
  const scopes = listScopes(ctx.snapshot)
  const urls = Object.entries(ENDPOINTS).map(([name, path]) => [
    name,
    (FRONT_CHANNEL.includes(name) ? ctx.public_url : ctx.internal_url) + path,
  ])
  return {
    issuer: ctx.issuer,
    ...Object.fromEntries(urls),
    response_types_supported: Object.keys(RESPONSE_TYPES),
    response_modes_supported: RESPONSE_MODES,
    grant_types_supported: GRANT_TYPES,
    scopes_supported: [...scopes.keys()],
    claims_supported: [...new Set(['sub', 'iss', 'aud', 'exp', 'iat', 'auth_time', ...[...scopes.values()].flat()])],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: [...new Set(ctx.snapshot.keys.map((key) => key.alg))],
    token_endpoint_auth_methods_supported: TOKEN_ENDPOINT_AUTH_METHODS,
    code_challenge_methods_supported: CODE_CHALLENGE_METHODS,
    // OpenID Connect Discovery §3: left out, request_uri_parameter_supported would mean true.
    request_parameter_supported: false,
    request_uri_parameter_supported: false,
    claims_parameter_supported: false,
  }
}
