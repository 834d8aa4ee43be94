/** Tells clients of a logout without the browser. OpenID Connect Back-Channel Logout §2.5 and §2.8. */
import { setTimeout } from 'node:timers/promises'
import type { Context } from '../context.js'
import type { Client } from '../directory.js'
import { shown } from '../oauth/errors.js'
import { postForm } from '../outbound.js'
import type { Account } from '../store/store.js'
import { createLogoutToken } from '../tokens/logout_token.js'

/** A login that has ended, and a client that knows of it. */
export interface Login {
  readonly client: Client
  readonly account: Account
}

/** What came of telling one client. */
export interface Outcome {
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
export function notifyBackchannels(ctx: Context, logins: readonly Login[]): Promise<Outcome[]> {
  return Promise.all(
    logins.flatMap(({ client, account }) => {
      const { backchannel_logout_uri: uri } = client
      return uri === undefined ? [] : [notify(ctx, client, account, uri)]
    }),
  )
}

async function notify(ctx: Context, client: Client, { sub, sid }: Account, uri: string): Promise<Outcome> {
  const { client_id } = client
  // Each attempt has a token of its own: a client that has seen the `jti` would refuse it.
  const attempt = async () => post(ctx, uri, await createLogoutToken(ctx, client, { sub, sid }))
  let attempts = 1
  let answer = await attempt()
  while (answer.again && attempts < MOST_ATTEMPTS) {
    await setTimeout(PAUSE)
    attempts += 1
    answer = await attempt()
  }
  const { again: _, ...rest } = answer
  const outcome = { client_id, attempts, ...rest }
  const details = { ...outcome, backchannel_logout_uri: uri, sub, sid }
  if (outcome.reason === undefined) {
    ctx.journal.record(ctx.clock.now(), 'backchannel_logout', `client ${client_id} was told`, details)
  } else {
    ctx.remark('backchannel_logout', `client ${client_id} was not told: ${outcome.reason}`, details)
  }
  return outcome
}

async function post(ctx: Context, uri: string, logout_token: string) {
  try {
    const { status, body } = await postForm(ctx.snapshot.outbound, uri, { logout_token })
    // Back-Channel Logout §2.8: 200, for which some frameworks put 204; 400 says that the client could not.
    if (status === 200 || status === 204) return { status, again: false }
    const said = body === '' ? '' : `: ${shown(body)}`
    return { status, reason: `${uri} answered ${status}, expected 200${said}`, again: status >= 500 }
  } catch (error) {
    return { reason: `${uri} ${(error as Error).message}`, again: true }
  }
}
