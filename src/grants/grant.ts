/** What every grant is: an authenticated client and the parameters in, a token response out, or an OAuthError. */
import type { Context } from '../context.js'
import type { Client } from '../directory.js'
import type { Params } from '../oauth/params.js'
import type { TokenResponse } from '../tokens/issue.js'

export type GrantHandler = (ctx: Context, client: Client, params: Params) => Promise<TokenResponse>
