/** Suggests a URL for a path that does not exist: the path of another provider, or a path with a slip. */
import type { FastifyRequest } from 'fastify'
import { rootOf } from '../config/issuer_identifier.js'
import type { Snapshot } from '../config/snapshot.js'
import { suggest } from '../config/suggest.js'
import { isIssuerName, ROUTES, type RouteName } from '../routes.js'
import { readCalledUrl, readRequestUrl } from './origin.js'
import { isolatedName } from './routed_url.js'

/** The ends of paths by which other providers serve the same, in lower case. The first match counts. */
const ELSEWHERE: readonly (readonly [RouteName, RegExp])[] = [
  ['oauth_discovery', /\/oauth-authorization-server$/],
  ['discovery', /\/(?:openid-configuration|openid_configuration|\.well-known)$/],
  [
    'device_authorization_endpoint',
    /\/(?:device_?authoriz(?:ation|e)|devicecode|device\/code|device\/auth|auth\/device)$/,
  ],
  ['check_session_iframe', /\/(?:check_?session|login-status-iframe\.html)$/],
  ['authorization_endpoint', /\/(?:authori[sz]e|authorization|auth|log-?in|sign-?in)$/],
  ['token_endpoint', /\/(?:access_?)?tokens?$/],
  ['userinfo_endpoint', /\/(?:user[_-]?info|me)$/],
  ['jwks_uri', /\/(?:jwks?(?:\.json)?|keys|certs)$/],
  ['introspection_endpoint', /\/(?:introspect(?:ion)?|token_?info)$/],
  ['revocation_endpoint', /\/(?:revoke|revocation)$/],
  ['registration_endpoint', /\/(?:regist(?:er|ration)|reg|clients|clients-registrations\/openid-connect)$/],
  ['end_session_endpoint', /\/(?:log-?out|sign-?out|end_?session|session\/end)$/],
  ['device', /\/(?:device|activate)$/],
  ['webfinger', /\/webfinger$/],
  ['openapi', /^\/admin\/?(?:openapi|swagger|docs)?$/],
  ['healthz', /^\/(?:health|healthcheck|livez?|readyz?|status|ping)$/],
]

/** Returns the URL that the request was probably meant for, after its method if the route does not accept the method of the request. */
export function suggestUrl(snapshot: Snapshot, request: FastifyRequest): string | undefined {
  const path = request.url.split('?')[0]!.slice(0, 200).toLowerCase().replace(/\/+$/, '')
  const name = ELSEWHERE.find(([, end]) => end.test(path))?.[0] ?? findNearest(path)
  const route = ROUTES.find((one) => one.name === name)
  if (route === undefined) return undefined
  const method = route.methods.some((one) => one === request.method) ? '' : `${route.methods.at(-1)} `
  const base = route.access === 'admin' ? readCalledUrl(snapshot, request) : publicUrlOf(snapshot, request)
  const issuer = isolatedName(request)
  const own_path = route.scope === 'issuer' && issuer !== undefined && isIssuerName(issuer) ? `/issuers/${issuer}` : ''
  return method + base.replace(/\/+$/, '') + own_path + (snapshot.preset?.paths[route.name] ?? route.path)
}

const publicUrlOf = (snapshot: Snapshot, request: FastifyRequest) =>
  snapshot.config.public_url ?? rootOf(snapshot, readRequestUrl(snapshot, request))

/** Finds the route with the nearest path. Only a path of the admin API can be meant for the admin API. */
function findNearest(path: string): RouteName | undefined {
  const prefix = path.startsWith('/admin/') ? '/admin' : ''
  const rows = ROUTES.filter((row) => row.name !== 'home' && !row.path.includes(':'))
  const byEnd = new Map(
    rows
      .filter(({ access }) => (access === 'admin') === (prefix !== ''))
      .map((row) => [row.path.slice(prefix.length), row.name]),
  )
  return byEnd.get(suggest(path.slice(prefix.length), [...byEnd.keys()]) ?? '')
}
