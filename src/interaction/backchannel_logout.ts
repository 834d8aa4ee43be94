/** Notifies clients of a logout without the browser. OpenID Connect Back-Channel Logout §2.5 and §2.8. */
import { setTimeout } from 'node:timers/promises'
import type { Context } from '../context.js'
import type { Client } from '../directory/clients.js'
import { shown, shownUrl } from '../errors.js'
import { findUndelivered } from '../faults/doors/logout.js'
import { decodeTokens } from '../journal/decoded_token.js'
import type { Account } from '../store/records.js'
import { createLogoutToken } from '../tokens/logout_token.js'

/** A login that has ended, and a client that received tokens in it. */
export interface EndedLogin {
  readonly client: Client
  readonly account: Account
}

/** The result of notifying one client. */
export interface NotificationResult {
  readonly client_id: string
  readonly attempts: number
  /** Status of the last response. */
  readonly status?: number
  /** Reason of a failure. */
  readonly reason?: string
}

/** Maximum number of attempts for a client that fails or does not respond. */
const MOST_ATTEMPTS = 3

/** Milliseconds between two attempts. */
const PAUSE = 200

/** Notifies all clients in parallel and records the results in the journal. */
export function notifyBackchannels(ctx: Context, logins: readonly EndedLogin[]): Promise<NotificationResult[]> {
  return Promise.all(
    logins.flatMap((login) => {
      const { backchannel_logout_uri: uri } = login.client
      return uri === undefined ? [] : [notify(ctx, login, uri)]
    }),
  )
}

async function notify(ctx: Context, login: EndedLogin, uri: string): Promise<NotificationResult> {
  const { client, account } = login
  const fault = await findUndelivered(ctx, { client_id: client.client_id, sub: account.sub })
  if (fault !== undefined) return skipNotification(ctx, client, uri)
  let attempts = 0
  let attempt: Attempt
  do {
    if (attempts > 0) await setTimeout(PAUSE)
    attempts += 1
    // Each attempt has a new token, since a client refuses a `jti` that it has seen.
    attempt = await post(ctx, uri, await createLogoutToken(ctx, client, account))
  } while (attempt.retry && attempts < MOST_ATTEMPTS)
  const { retry: _, logout_token, ...rest } = attempt
  const outcome = { client_id: client.client_id, attempts, ...rest }
  await record(ctx, login, { uri, logout_token, outcome })
  return outcome
}

/** The fault `logout.not_delivered`: the client is never notified. */
function skipNotification(ctx: Context, { client_id }: Client, backchannel_logout_uri: string): NotificationResult {
  const outcome = { client_id, attempts: 0, reason: 'the fault logout.not_delivered suppressed the notification' }
  ctx.remark('backchannel_logout', `client ${client_id} was not notified: ${outcome.reason}`, {
    ...outcome,
    backchannel_logout_uri: shownUrl(backchannel_logout_uri),
  })
  return outcome
}

/** One request to a client. */
interface Attempt extends Pick<NotificationResult, 'status' | 'reason'> {
  readonly logout_token: string
  /** Whether another attempt can succeed. */
  readonly retry: boolean
}

/** A finished notification. */
interface Notification {
  readonly uri: string
  /** Token of the last attempt. */
  readonly logout_token: string
  readonly outcome: NotificationResult
}

/** Records the notification in the journal as an exchange in which the provider is the client. */
async function record(
  ctx: Context,
  { account }: EndedLogin,
  { uri, logout_token, outcome }: Notification,
): Promise<void> {
  const { sub, sid, flow_id = ctx.exchange.flow_id } = account
  const { client_id, status, reason } = outcome
  const event = 'backchannel_logout'
  const message =
    reason === undefined ? `client ${client_id} was notified` : `client ${client_id} was not notified: ${reason}`
  const details = { ...outcome, backchannel_logout_uri: shownUrl(uri), sub, sid }
  if (reason !== undefined && (await ctx.journal.isNews({ event, message })))
    ctx.log.warn({ event, ...details }, message)
  await ctx.journal.add({
    at: ctx.now,
    endpoint: event,
    client_id,
    sub,
    ...(flow_id !== undefined && { flow_id }),
    request: { method: 'POST', url: uri, headers: {}, body: { logout_token } },
    ...(status !== undefined && { response: { status, headers: {} } }),
    tokens: decodeTokens({ logout_token }),
    remarks: [{ event, message, details }],
    faults: [],
  })
}

async function post(ctx: Context, uri: string, logout_token: string): Promise<Attempt> {
  try {
    const { status, body } = await ctx.outbound.postForm(ctx.snapshot.outbound, uri, { logout_token })
    // Back-Channel Logout §2.8: success is 200, or 204 in some frameworks; a client that fails to log out answers 400.
    if (status === 200 || status === 204) return { logout_token, status, retry: false }
    const details = body === '' ? '' : `: ${shown(body)}`
    return {
      logout_token,
      status,
      reason: `${shownUrl(uri)} answered ${status}, expected 200${details}`,
      retry: status >= 500,
    }
  } catch (error) {
    return { logout_token, reason: `${shownUrl(uri)} ${(error as Error).message}`, retry: true }
  }
}
