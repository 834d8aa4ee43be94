/** Users of the configuration and of run time. */
import type { FastifyPluginAsync } from 'fastify'
import type { Context } from '../context.js'
import {
  changeUser,
  deleteUser,
  findUserRecord,
  listUsers,
  putUser,
  type User,
  type UserRecord,
} from '../directory/users.js'
import { invalidRequest, nothingHere, shown } from '../errors.js'
import { PATHS } from '../routes.js'
import { sendList } from './list.js'
import { mergePatch, requireOwnIssuer, requirePart } from './part.js'
import { component, listOf, noContent, pathParameter, refusedIf, responseWith } from './schema.js'

type Body = Readonly<Record<string, unknown>>
type Route = { Params: { sub: string }; Body: Body }

const tags = ['users']
const inPath = pathParameter('sub', 'The subject identifier.')
const INVALID = refusedIf(
  '`sub` differs from the path, the configuration file cannot have the user, such as one whose `access_token` has a claim that the provider sets, or a fault matches another issuer',
)
const USER = { ...component('UserAnswer'), description: 'The user.' }

export const users: FastifyPluginAsync = async (app) => {
  const list = {
    tags,
    summary: 'List users',
    description: 'The users of the file, users that were put, and users created by a login with an unknown `sub`.',
    response: { 200: responseWith('The users.', { users: listOf(component('UserAnswer')) }) },
  }
  app.get(PATHS.admin_users, { schema: list }, async ({ ctx }, reply) => sendList(reply, 'users', listUsers(ctx)))

  const get = { tags, summary: 'Get a user', params: inPath, response: { 200: USER } }
  app.get<Route>(PATHS.admin_user, { schema: get }, ({ ctx, params }) => requireUser(ctx, params.sub))

  const put = {
    tags,
    summary: 'Put a user',
    description:
      'Replaces the whole user, also one of the file with the same `sub`, until the user is deleted or users are reset.',
    params: inPath,
    body: component('UserBody'),
    response: { 200: USER, 201: { ...USER, description: 'The new user.' }, 400: INVALID },
  }
  app.put<Route>(PATHS.admin_user, { schema: put }, async ({ ctx, params: { sub }, body }, reply) => {
    const before = await findUserRecord(ctx, sub)
    await putUser(ctx, validate(ctx, sub, body))
    ctx.log.info({ sub }, 'user put')
    return reply.code(before === undefined ? 201 : 200).send(await requireUser(ctx, sub))
  })

  const patch = {
    tags,
    summary: 'Change a user',
    description:
      'Applies a merge patch (RFC 7396) to the current user: members replace, objects are merged, null removes.',
    params: inPath,
    consumes: ['application/json', 'application/merge-patch+json'],
    body: { type: 'object', description: 'Members of the user.', minProperties: 1 },
    response: { 200: USER, 400: INVALID },
  }
  app.patch<Route>(PATHS.admin_user, { schema: patch }, async ({ ctx, params: { sub }, body }) => {
    await changeUser(ctx, sub, (before) => {
      if (before === undefined) throw noSuchUser(sub)
      return validate(ctx, sub, mergePatch(before, body), body)
    })
    ctx.log.info({ sub }, 'user changed')
    return requireUser(ctx, sub)
  })

  const remove = {
    tags,
    summary: 'Delete a user',
    description:
      'Deletes the user with all logins and tokens. A user of the file stays deleted until it is put or users are reset.',
    params: inPath,
    response: { 204: noContent('The user was deleted.') },
  }
  app.delete<Route>(PATHS.admin_user, { schema: remove }, async ({ ctx, params: { sub } }, reply) => {
    await requireUser(ctx, sub)
    await deleteUser(ctx, sub)
    ctx.log.info({ sub }, 'user deleted')
    return reply.code(204).send()
  })
}

async function requireUser(ctx: Context, sub: string): Promise<UserRecord> {
  const user = await findUserRecord(ctx, sub)
  if (user === undefined) throw noSuchUser(sub)
  return user
}

const noSuchUser = (sub: string) => nothingHere(`there is no user ${shown(sub)}`)

/**
 * Returns the user if it is valid by the rules of the file.
 * @param given the members of the request.
 */
function validate(ctx: Context, sub: string, body: Body, given = body): User {
  if (body.sub !== undefined && body.sub !== sub) {
    throw invalidRequest(`/sub is "${shown(String(body.sub))}", expected "${shown(sub)}" as in the path`)
  }
  const user = requirePart(ctx, 'User', { ...body, sub })
  if (given.faults !== undefined) requireOwnIssuer(ctx, user.faults ?? [], 'faults')
  return user
}
