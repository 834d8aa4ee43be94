/** Tells clients of a logout without the browser. OpenID Connect Back-Channel Logout §2.5 and §2.8. */
import { setTimeout } from 'node:timers/promises'
import type { FastifyBaseLogger } from 'fastify'
import type { Context } from '../context.js'
import type { Client } from '../directory/clients.js'
import { shown } from '../errors.js'
import { findFault } from '../faults/doors/find.js'
import { decodeTokens } from '../journal/decoded_token.js'
import { postForm } from '../outbound.js'
import type { Account } from '../store/records.js'
import { createLogoutToken } from '../tokens/logout_token.js'

/** A login that has ended, and a client that knows of it. */
export interface EndedLogin {
  readonly client: Client
  readonly account: Account
}

/** What came of telling one client. */
export interface NotificationResult {
  readonly client_id: string
  readonly attempts: number
  /** Of the last answer, if there was one. */
  readonly status?: number
  /** Why it failed; left out where it did not. */
  readonly reason?: string
}

/** How often a client is told that fails or doesn't answer. */
const MOST_ATTEMPTS = 3

/** Milliseconds between two attempts. */
const PAUSE = 200

/** Tells all clients at the same time, each for as long as its attempts take; what comes of it goes into the journal. */
export function notifyBackchannels(
  ctx: Context,
  logins: readonly EndedLogin[],
  log: FastifyBaseLogger,
): Promise<NotificationResult[]> {
  return Promise.all(
    logins.flatMap((login) => {
      const { backchannel_logout_uri: uri } = login.client
      return uri === undefined ? [] : [notify(ctx, login, uri, log)]
    }),
  )
}

/** What can go wrong with a call to a client. */
export const FAULTY_CALLS = ['logout.not_delivered'] as const

async function notify(
  ctx: Context,
  login: EndedLogin,
  uri: string,
  log: FastifyBaseLogger,
): Promise<NotificationResult> {
  const { client, account } = login
  const kept = await findFault(ctx, FAULTY_CALLS, { client_id: client.client_id, sub: account.sub })
  if (kept !== undefined) return keepBack(ctx, client, uri)
  let attempts = 0
  let attempt: Attempt
  do {
    if (attempts > 0) await setTimeout(PAUSE)
    attempts += 1
    // Each attempt has a token of its own: a client that has seen the `jti` would refuse it.
    attempt = await post(ctx, uri, await createLogoutToken(ctx, client, account))
  } while (attempt.again && attempts < MOST_ATTEMPTS)
  const { again: _, logout_token, ...rest } = attempt
  const outcome = { client_id: client.client_id, attempts, ...rest }
  record(ctx, login, { uri, logout_token, outcome }, log)
  return outcome
}

/** The fault `logout.not_delivered`: the client is not told, and nobody tells it later. */
function keepBack(ctx: Context, { client_id }: Client, backchannel_logout_uri: string): NotificationResult {
  const outcome = { client_id, attempts: 0, reason: 'the fault logout.not_delivered kept it back' }
  ctx.remark('backchannel_logout', `client ${client_id} was not told: ${outcome.reason}`, {
    ...outcome,
    backchannel_logout_uri,
  })
  return outcome
}

interface Attempt extends Pick<NotificationResult, 'status' | 'reason'> {
  readonly logout_token: string
  /** Whether another could do better. */
  readonly again: boolean
}

interface Told {
  readonly uri: string
  /** Of the last attempt. */
  readonly logout_token: string
  readonly outcome: NotificationResult
}

/** The call is an exchange of its own, in which the provider asks. */
function record(
  ctx: Context,
  { account }: EndedLogin,
  { uri, logout_token, outcome }: Told,
  log: FastifyBaseLogger,
): void {
  const { sub, sid, flow_id = ctx.exchange.flow_id } = account
  const { client_id, status, reason } = outcome
  const event = 'backchannel_logout'
  const message = reason === undefined ? `client ${client_id} was told` : `client ${client_id} was not told: ${reason}`
  const details = { ...outcome, backchannel_logout_uri: uri, sub, sid }
  if (reason !== undefined && ctx.journal.isNews({ event, message })) log.warn({ event, ...details }, message)
  ctx.journal.add({
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
    const { status, body } = await postForm(ctx.snapshot.outbound, uri, { logout_token })
    // Back-Channel Logout §2.8: 200, for which some frameworks put 204; 400 says that the client could not.
    if (status === 200 || status === 204) return { logout_token, status, again: false }
    const said = body === '' ? '' : `: ${shown(body)}`
    return { logout_token, status, reason: `${uri} answered ${status}, expected 200${said}`, again: status >= 500 }
  } catch (error) {
    return { logout_token, reason: `${uri} ${(error as Error).message}`, again: true }
  }
}
