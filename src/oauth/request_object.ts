/** Request objects: the parameters of an authorization request as a JWT, by value or by reference. OpenID Connect Core §6. */
import type { Context } from '../context.js'
import type { Client } from '../directory.js'
import { unsupportedParameter } from './errors.js'
import type { Params } from './params.js'

/** The parameters with those of the request object over them; the same ones where there is no such object. */
export async function readRequestObject(_ctx: Context, _client: Client, params: Params): Promise<Params> {
  for (const name of ['request', 'request_uri'] as const) {
    if (params.find(name) !== undefined) throw unsupportedParameter(name)
  }
  return params
}
