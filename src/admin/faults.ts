/** Admin API for faults: the rules of all sources with their counters, the rules of run time, and the catalogue. */
import type { FastifyPluginAsync } from 'fastify'
import type { Context } from '../context.js'
import { invalidRequest, nothingHere, shown } from '../errors.js'
import { FAULT_NAMES } from '../faults/catalogue.js'
import { type DeclaredFault, listFaults } from '../faults/doors/find.js'
import { describeFault, LEVELS } from '../faults/requirements.js'
import { SEVERITIES } from '../faults/rows/row.js'
import { PATHS } from '../routes.js'
import { sendList } from './list.js'
import { requireOwnIssuer, requirePart } from './part.js'
import { component, listOf, noContent, object, pathParameter, refusedIf, responseWith, text } from './schema.js'

type Route = { Params: { id: string } }

const tags = ['faults']
const inPath = pathParameter('id', 'Id of the rule.')
const FAULT = component('FaultAnswer')
const texts = listOf({ type: 'string' })
const ENTRY = object(
  {
    fault: text('Name of the fault.'),
    effect: text('Behavior of the provider.'),
    severity: text('Category of the required reaction of the relying party or the resource server.', {
      enum: Object.keys(SEVERITIES),
    }),
    must: text('Required reaction in words.'),
    requirement: {
      ...object(
        {
          level: text('Level of RFC 2119.', { enum: Object.keys(LEVELS) }),
          reference: text('Section with the rule.'),
          unless: text('A case with another level.'),
        },
        ['level', 'reference'],
      ),
      description: 'How strongly a specification requires the rejection, for the severity `must_reject`.',
    },
    endpoints: { ...texts, description: 'Endpoints at which the fault can happen.' },
    takes: { ...texts, description: 'Parameters of a rule.' },
    needs: { ...texts, description: 'Required parameters of a rule.' },
  },
  ['fault', 'effect', 'severity', 'must', 'endpoints'],
)

export const faults: FastifyPluginAsync = async (app) => {
  const list = {
    tags,
    summary: 'List fault rules',
    description: 'Rules of all sources, in order of precedence. A rule that has reached its `times` stays in the list.',
    response: { 200: responseWith('The rules.', { faults: listOf(FAULT) }) },
  }
  app.get(PATHS.faults, { schema: list }, async ({ ctx }, reply) => sendList(reply, 'faults', listFaults(ctx)))

  const add = {
    tags,
    summary: 'Add a fault rule',
    description: 'A rule as under `faults` in the file. It takes effect now, after older rules of run time.',
    body: component('Fault'),
    response: {
      201: { ...FAULT, description: 'The rule.' },
      400: refusedIf(
        'the fault does not take one of the parameters or lacks one that it needs, as listed in the catalogue, or the rule matches another issuer',
      ),
    },
  }
  app.post(PATHS.faults, { schema: add }, async ({ ctx, body }, reply) => {
    const rule = requirePart(ctx, 'Fault', body)
    requireOwnIssuer(ctx, [rule])
    const added = await ctx.faults.add(rule)
    ctx.log.info({ fault: rule.fault, id: added.id }, 'fault added')
    return reply.code(201).send(added)
  })

  const clear = {
    tags,
    summary: 'Delete all fault rules of run time',
    description: 'Rules of the file, of users, of clients and of the login page stay, with their counters.',
    response: { 204: noContent('The rules are deleted.') },
  }
  app.delete(PATHS.faults, { schema: clear }, async ({ ctx }, reply) => {
    await ctx.faults.clear()
    ctx.log.info({}, 'faults deleted')
    return reply.code(204).send()
  })

  const catalogue = {
    tags,
    summary: 'List the fault catalogue',
    response: { 200: responseWith('The catalogue.', { faults: listOf(ENTRY) }) },
  }
  app.get(PATHS.fault_catalogue, { schema: catalogue }, async () => ({ faults: FAULT_NAMES.map(describeFault) }))

  const get = {
    tags,
    summary: 'Get a fault rule',
    params: inPath,
    response: { 200: { ...FAULT, description: 'The rule.' } },
  }
  app.get<Route>(PATHS.fault, { schema: get }, ({ ctx, params }) => requireFault(ctx, params.id))

  const remove = {
    tags,
    summary: 'Delete a fault rule of run time',
    params: inPath,
    response: { 204: noContent('The rule is deleted.'), 400: refusedIf('the rule is not one of run time') },
  }
  app.delete<Route>(PATHS.fault, { schema: remove }, async ({ ctx, params: { id } }, reply) => {
    const { source, rule } = await requireFault(ctx, id)
    if (source !== 'runtime') throw invalidRequest(`${rule.fault} cannot be deleted here: ${ORIGINS[source]}`)
    await ctx.faults.delete(id)
    ctx.log.info({ fault: rule.fault, id }, 'fault deleted')
    return reply.code(204).send()
  })
}

/** Reason why a rule cannot be deleted, and where to remove it. */
const ORIGINS: Readonly<Record<Exclude<DeclaredFault['source'], 'runtime'>, string>> = {
  login: 'it was chosen on the login page and ends with its login',
  user: 'it belongs to a user; change the user',
  client: 'it belongs to a client; change the client',
  config: 'it is in the configuration; change the file',
}

async function requireFault(ctx: Context, id: string): Promise<DeclaredFault> {
  const found = await ctx.faults.find(id)
  if (found !== undefined) return found
  for await (const one of listFaults(ctx)) if (one.id === id) return one
  throw nothingHere(`there is no rule ${shown(id)}`)
}
