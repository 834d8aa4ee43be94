/** What goes wrong on purpose: the rules of all sources with their counters, and those of run time. */
import type { FastifyPluginAsync } from 'fastify'
import type { Context } from '../context.js'
import { invalidRequest, nothingHere, shown } from '../errors.js'
import { FAULT_CATALOGUE } from '../faults/catalogue.js'
import { type DeclaredFault, listFaults } from '../faults/doors/find.js'
import { MOST_RULES } from '../faults/rules.js'
import { PATHS } from '../routes.js'
import { requireOwnIssuer, requirePart } from './part.js'
import { component, listOf, noContent, object, pathParameter, responseWith, text } from './schema.js'

type Route = { Params: { id: string } }

const tags = ['faults']
const inPath = pathParameter('id', 'The id of the rule.')
const FAULT = component('FaultAnswer')
const texts = listOf({ type: 'string' })
const ENTRY = object(
  {
    fault: text('Its name.'),
    effect: text('What happens.'),
    must: text('What the relying party or the resource server has to do about it.'),
    endpoints: { ...texts, description: 'Where it can happen.' },
    takes: { ...texts, description: 'The parameters that it takes.' },
    needs: { ...texts, description: "Of those, what a rule can't leave out." },
  },
  ['fault', 'effect', 'must', 'endpoints'],
)

export const faults: FastifyPluginAsync = async (app) => {
  const list = {
    tags,
    summary: 'List rules of faults',
    description: 'Those of every source, in the order in which they count. One that is used up stays in the list.',
    response: { 200: responseWith('The rules.', { faults: listOf(FAULT) }) },
  }
  app.get(PATHS.faults, { schema: list }, async ({ ctx }) => ({ faults: await listFaults(ctx) }))

  const add = {
    tags,
    summary: 'Add a rule',
    description: 'The same as under `faults` in the file. It counts from now on, after older rules of run time.',
    body: component('Fault'),
    response: { 201: { ...FAULT, description: 'The rule.' } },
  }
  app.post(PATHS.faults, { schema: add }, async ({ ctx, body, log }, reply) => {
    const rule = requirePart(ctx, 'Fault', body)
    requireOwnIssuer(ctx, [rule])
    const added = ctx.faults.add(rule)
    if (added === undefined) throw invalidRequest(`there are ${MOST_RULES} rules already; delete some first`)
    log.info({ fault: rule.fault, id: added.id }, 'fault added')
    return reply.code(201).send(added)
  })

  const clear = {
    tags,
    summary: 'Delete all rules of run time',
    description: 'Those of the file, of users, of clients and of the login page stay; so do their counters.',
    response: { 204: noContent('They are gone.') },
  }
  app.delete(PATHS.faults, { schema: clear }, async ({ ctx, log }, reply) => {
    ctx.faults.clear()
    log.info('faults deleted')
    return reply.code(204).send()
  })

  const catalogue = {
    tags,
    summary: 'List every fault that there is',
    response: { 200: responseWith('The catalogue.', { faults: listOf(ENTRY) }) },
  }
  app.get(PATHS.fault_catalogue, { schema: catalogue }, async () => ({
    faults: Object.entries(FAULT_CATALOGUE).map(([fault, entry]) => ({ fault, ...entry })),
  }))

  const get = { tags, summary: 'Get a rule', params: inPath, response: { 200: { ...FAULT, description: 'The rule.' } } }
  app.get<Route>(PATHS.fault, { schema: get }, ({ ctx, params }) => requireFault(ctx, params.id))

  const remove = {
    tags,
    summary: 'Delete a rule of run time',
    params: inPath,
    response: { 204: noContent('It is gone.') },
  }
  app.delete<Route>(PATHS.fault, { schema: remove }, async ({ ctx, params: { id }, log }, reply) => {
    const { source, rule } = await requireFault(ctx, id)
    if (!ctx.faults.delete(id)) throw invalidRequest(`${rule.fault} can't be deleted here: ${ORIGINS[source]}`)
    log.info({ fault: rule.fault, id }, 'fault deleted')
    return reply.code(204).send()
  })
}

const ORIGINS: Readonly<Record<DeclaredFault['source'], string>> = {
  login: 'it was picked on the login page, and ends with its login',
  runtime: 'it is gone already',
  user: 'it belongs to a user; change the user',
  client: 'it belongs to a client; change the client',
  config: 'it is in the configuration; change the file',
}

async function requireFault(ctx: Context, id: string): Promise<DeclaredFault> {
  const found = ctx.faults.find(id) ?? (await listFaults(ctx)).find((one) => one.id === id)
  if (found === undefined) throw nothingHere(`there is no rule ${shown(id)}`)
  return found
}
