/** The endpoints of an issuer, as discovery lists them. OpenID Connect Discovery §3. */
import type { Context } from '../context.js'
import { type Method, ROUTES, type RouteName } from '../routes.js'

export interface Endpoint {
  /** Name of the member in discovery. */
  readonly name: RouteName
  readonly url: string
  readonly methods: readonly Method[]
}

export function listEndpoints({ snapshot, public_url, internal_url }: Context): Endpoint[] {
  const listed = ROUTES.filter(
    ({ name, advertised }) => advertised && (name !== 'check_session_iframe' || snapshot.rules.session_state),
  )
  return listed.map(({ name, path, channel, methods }) => ({
    name,
    url: (channel === 'browser' ? public_url : internal_url) + (snapshot.preset?.paths[name] ?? path),
    methods,
  }))
}
