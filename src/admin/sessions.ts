/** Lists and ends the logins of browser sessions. */
import type { FastifyPluginAsync } from 'fastify'
import type { Context } from '../context.js'
import { nothingHere, shown } from '../errors.js'
import { endLogin } from '../interaction/logout.js'
import { PATHS } from '../routes.js'
import { sendList } from './list.js'
import { boolean, integer, listOf, object, pathParameter, responseWith, type Schema, text, time } from './schema.js'

const tags = ['sessions']

const MEMBERS: Readonly<Record<string, Schema>> = {
  sid: text('Session identifier of the login, as in ID tokens and logout tokens.'),
  sub: text('Subject of the user who logged in.'),
  auth_time: time('Time of the login'),
  expires_at: time('End of the browser session'),
  client_ids: { ...listOf({ type: 'string' }), description: 'Clients of the login. A logout notifies them.' },
}
const SESSION = object(
  {
    ...MEMBERS,
    acr: text('Authentication context class of the login.'),
    flow_id: text('Identifier of the login in journal entries.'),
  },
  Object.keys(MEMBERS),
)
const OUTCOME = object(
  {
    client_id: text('Client identifier.'),
    attempts: integer('Number of requests to the client.'),
    status: integer("HTTP status of the client's last response, if there was one."),
    reason: text('Reason of a failure; absent after a success.'),
  },
  ['client_id', 'attempts'],
)

export const sessions: FastifyPluginAsync = async (app) => {
  const list = {
    tags,
    summary: 'List sessions',
    description: 'The logins of all browser sessions that have not expired.',
    response: { 200: responseWith('The logins.', { sessions: listOf(SESSION) }) },
  }
  app.get(PATHS.admin_sessions, { schema: list }, async ({ ctx }, reply) =>
    sendList(reply, 'sessions', listSessions(ctx)),
  )

  const remove = {
    tags,
    summary: 'End a session',
    description: 'The browser has to log in again. Other users of the same browser stay logged in.',
    params: pathParameter('sid', 'Session identifier of the login.'),
    querystring: object({
      notify: boolean('Whether to send back-channel logout requests, as at a logout by the end-user.', {
        default: false,
      }),
    }),
    response: {
      200: responseWith('The login has ended.', { told: { ...listOf(OUTCOME), description: 'The notified clients.' } }),
    },
  }
  app.delete<{ Params: { sid: string }; Querystring: { notify: boolean } }>(
    PATHS.admin_session,
    { schema: remove },
    async ({ ctx, params: { sid }, query: { notify } }) => {
      const told = await endLogin(ctx, sid, notify)
      if (told === undefined) throw nothingHere(`there is no session ${shown(sid)}`)
      ctx.log.info({ sid, notify }, 'session ended')
      return { told }
    },
  )
}

async function* listSessions({ store, now }: Context) {
  for await (const [, { accounts, expires_at }] of store.sessions.each()) {
    if (expires_at > now) yield* accounts.map((one) => ({ ...one, expires_at }))
  }
}
