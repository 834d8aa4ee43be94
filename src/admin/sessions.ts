/** Logins that go on in browsers. */
import type { FastifyPluginAsync } from 'fastify'
import { nothingHere, shown } from '../errors.js'
import { endLogin } from '../interaction/logout.js'
import { PATHS } from '../routes.js'
import { boolean, integer, listOf, object, pathParameter, responseWith, type Schema, text, time } from './schema.js'

const tags = ['sessions']

const MEMBERS: Readonly<Record<string, Schema>> = {
  sid: text('The identifier of the login, as ID tokens and logout tokens have it.'),
  sub: text('Who has logged in.'),
  auth_time: time('When'),
  expires_at: time('When the session of the browser ends'),
  client_ids: { ...listOf({ type: 'string' }), description: 'Clients that got something, to be told of the logout.' },
}
const SESSION = object(
  {
    ...MEMBERS,
    acr: text('How they logged in.'),
    flow_id: text('What the entries of the journal that belong to it have in common.'),
  },
  Object.keys(MEMBERS),
)
const OUTCOME = object(
  {
    client_id: text('The client.'),
    attempts: integer('How often it was called.'),
    status: integer('Of the last answer, if there was one.'),
    reason: text('Why it was not told; left out where it was.'),
  },
  ['client_id', 'attempts'],
)

export const sessions: FastifyPluginAsync = async (app) => {
  const list = {
    tags,
    summary: 'List sessions',
    description: 'Every login of every browser whose session has not expired.',
    response: { 200: responseWith('The logins.', { sessions: listOf(SESSION) }) },
  }
  app.get(PATHS.admin_sessions, { schema: list }, async ({ ctx }) => {
    const all = await ctx.store.sessions.list()
    const alive = all.filter(([, { expires_at }]) => expires_at > ctx.now)
    return {
      sessions: alive.flatMap(([, { accounts, expires_at }]) => accounts.map((one) => ({ ...one, expires_at }))),
    }
  })

  const remove = {
    tags,
    summary: 'End a session',
    description: 'The browser is asked to log in again. Who else has logged in there stays logged in.',
    params: pathParameter('sid', 'The identifier of the login.'),
    querystring: object({
      notify: boolean('Whether back-channel logouts are sent, as at a logout by the end-user.', { default: false }),
    }),
    response: {
      200: responseWith('It has ended.', { told: { ...listOf(OUTCOME), description: 'Who was notified.' } }),
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
