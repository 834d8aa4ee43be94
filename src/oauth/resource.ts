/** Resource indicators: the resources that a client requests access tokens for. RFC 8707: https://www.rfc-editor.org/rfc/rfc8707 */
import type { Context } from '../context.js'
import { invalidTarget, shown } from '../errors.js'
import { type Params, words } from './params.js'
import { enforce } from './rules.js'

/** Maximum resources of a request, and maximum characters of each: the grant stores them, and the token has them. */
const MOST = 20
const LONGEST = 2048

/** RFC 8707 §2: an absolute URI without a fragment, of the characters of RFC 3986 §2. */
const ABSOLUTE_URI = /^[a-z][a-z0-9+.-]*:(?:[\w.~:/?[\]@!$&'()*+,;=-]|%[0-9a-f]{2})+$/i

/** A scope that belongs to a resource, of a preset whose provider has such scopes. */
interface ResourceScope {
  readonly resource: string
  /** The name of the scope at the resource. */
  readonly name: string
}

/** Returns the scopes that belong to a resource. */
export function listResourceScopes({ snapshot }: Context, scope: string): ResourceScope[] {
  const pattern = snapshot.preset?.resource_scopes
  if (pattern === undefined) return []
  const expression = new RegExp(pattern, 'i')
  return words(scope).flatMap((word) => {
    const [, resource, name] = expression.exec(word) ?? []
    return resource === undefined || name === undefined ? [] : [{ resource, name }]
  })
}

/**
 * Returns the audience of the scope's resource, and the names of the scopes there; undefined if no scope belongs to a resource.
 * Microsoft identity platform: the token is for the resource of the first scope; `aud` is the client_id of the resource, which
 * is the GUID in `api://GUID`.
 */
export function findScopeTarget(
  ctx: Context,
  scope: string,
): { readonly aud: string; readonly scope: string } | undefined {
  const all = listResourceScopes(ctx, scope)
  const resource = all[0]?.resource
  if (resource === undefined) return undefined
  const names = all.filter((one) => one.resource === resource).map(({ name }) => name)
  return { aud: GUID.exec(resource)?.[1] ?? resource, scope: names.join(' ') }
}

const GUID = /^api:\/\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/i

/** Reads the parameter `resource`, which can be repeated. RFC 8707 §2. Departure: without the rule, resources beyond the bounds are left out. */
export function readResources(ctx: Context, params: Params): readonly string[] {
  const refuse = (description: string) => enforce(ctx, 'resource_indicators', invalidTarget(description))
  const all = [...new Set(params.all('resource'))]
  const long = all.find((resource) => resource.length > LONGEST)
  if (long !== undefined) refuse(`resource has ${long.length} characters, expected at most ${LONGEST}`)
  const short = all.filter((resource) => resource.length <= LONGEST)
  if (short.length > MOST) refuse(`resource has ${short.length} values, expected at most ${MOST}`)
  const resources = short.slice(0, MOST)
  for (const resource of resources) {
    if (ABSOLUTE_URI.test(resource)) continue
    const expected = 'an absolute URI without a fragment, such as https://api.example.com'
    refuse(`resource is ${shown(resource)}, expected ${expected}`)
  }
  return resources
}

/** Returns the resources of a token request: those that it names, else those of its authorization. RFC 8707 §2.2. */
export function selectResources(
  ctx: Context,
  granted: readonly string[] = [],
  requested: readonly string[],
): readonly string[] {
  if (requested.length === 0) return granted
  const others = requested.filter((resource) => !granted.includes(resource))
  if (others.length === 0) return requested
  const expected =
    granted.length === 0
      ? 'no resource, because the authorization request had none'
      : `one of the authorization request: ${shown(granted.join(' '))}`
  enforce(ctx, 'resource_indicators', invalidTarget(`resource is ${shown(others.join(' '))}, expected ${expected}`))
  return requested
}
