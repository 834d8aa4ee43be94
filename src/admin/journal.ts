/** What happened at the issuer: the last exchanges, those that come, and what was decided in them. */
import type { FastifyPluginAsync, FastifyReply } from 'fastify'
import { parseDelay } from '../duration.js'
import { invalidRequest, shown, temporarilyUnavailable } from '../errors.js'
import { FAULT_NAMES } from '../faults/catalogue.js'
import { FAULT_ENDPOINTS } from '../faults/rows/row.js'
import { fitsFilter, type JournalFilter } from '../journal/filter.js'
import { JOURNAL_EVENTS, type JournalEntry, MOST_LISTENERS } from '../journal/journal.js'
import { maskEntry } from '../journal/masking.js'
import { nextEntry, streamEntries } from '../journal/wait.js'
import { PATHS } from '../routes.js'
import { boolean, component, integer, listOf, noContent, object, responseWith, text } from './schema.js'

interface Query extends JournalFilter {
  readonly after?: number
  readonly secrets?: boolean
}

interface ListQuery extends Query {
  readonly limit?: number
  readonly wait?: string
}

const tags = ['journal']

/** Milliseconds. */
const LONGEST_WAIT = 300_000
const HEARTBEAT = 15_000

const QUERY = {
  endpoint: text(
    'Of one endpoint, as discovery names it less `_endpoint`; `backchannel_logout` is what clients were told.',
    {
      enum: [...FAULT_ENDPOINTS, 'backchannel_logout'],
    },
  ),
  client_id: text('Of one client.'),
  sub: text("Of one end-user, by the user's own `sub`."),
  status: text('A status such as `401`, or a kind of it such as `4xx`.', { pattern: '^[1-5]([0-9][0-9]|xx)$' }),
  flow_id: text('Of one login, from the authorization request to the last refresh and the logout.'),
  event: text('With a remark about this.', { enum: JOURNAL_EVENTS }),
  fault: text('A name from the catalogue of faults. Only entries in which it happened.', {
    enum: FAULT_NAMES,
  }),
  after: integer('Only entries with a greater `id`.', { minimum: 0 }),
  secrets: boolean('Whether to show codes, tokens, secrets and passwords, which else are `***`.'),
}

const LIST_QUERY = object({
  ...QUERY,
  limit: integer('So many at most: the first ones after `after`, or else the newest.', { minimum: 0 }),
  wait: text(
    'Where nothing fits yet, wait so long for the first that does: `2s`, `500ms`, up to `5m`. Without `after`, from now on.',
  ),
})

const ENTRIES = responseWith('The entries, oldest first.', {
  entries: listOf(component('JournalEntry')),
  last_id: integer('The newest `id` that there is, whether it fits or not: what to give as `after` the next time.'),
})

export const journal: FastifyPluginAsync = async (app) => {
  const ongoing = new Set<() => void>()
  app.addHook('preClose', async () => {
    for (const end of ongoing) end()
  })
  /** Ends it with the connection, or with the server. */
  const endWith = (reply: FastifyReply, end: () => void) => {
    ongoing.add(end)
    reply.raw.once('close', () => {
      ongoing.delete(end)
      end()
    })
  }

  const list = {
    tags,
    summary: 'List entries, or wait for one',
    querystring: LIST_QUERY,
    response: { 200: ENTRIES, 503: component('Refusal') },
  }
  app.get<{ Querystring: ListQuery }>(PATHS.journal, { schema: list }, async ({ ctx, query }, reply) => {
    const { after, limit, wait, secrets, ...filter } = query
    const time = wait === undefined ? 0 : readWait(wait)
    const fits = (entry: JournalEntry) => fitsFilter(entry, filter)
    const all = wait !== undefined && after === undefined ? [] : ctx.journal.list()
    const found = all.filter((entry) => entry.id > (after ?? 0) && fits(entry))
    const newest = Math.max(0, found.length - (limit ?? found.length))
    const some = after === undefined ? found.slice(newest) : found.slice(0, limit)
    const answerWith = (entries: readonly JournalEntry[]) => ({
      entries: secrets === true ? entries : entries.map(maskEntry),
      last_id: ctx.journal.lastId(),
    })
    if (time === 0 || found.length > 0) return answerWith(some)
    const next = nextEntry(ctx.journal, fits, time)
    if (next === undefined) throw tooMany()
    endWith(reply, next.end)
    const entry = await next.result
    return answerWith(entry === undefined ? [] : [entry])
  })

  const clear = { tags, summary: 'Clear the journal', response: { 204: noContent('It is empty; ids go on.') } }
  app.delete(PATHS.journal, { schema: clear }, async ({ ctx }, reply) => {
    ctx.journal.clear()
    return reply.code(204).send()
  })

  const stream = {
    tags,
    summary: 'Follow the journal',
    description:
      'Server-sent events: of each entry that fits the `id`, and the entry as JSON. `Last-Event-ID` or `after` begins with what is kept after that one.',
    querystring: object(QUERY),
    headers: { type: 'object', properties: { 'last-event-id': text('Of the last event that arrived.') } },
    produces: ['text/event-stream'],
    response: { 200: text('Events, without end.'), 503: component('Refusal') },
  }
  // HEAD would never end.
  const options = { schema: stream, exposeHeadRoute: false }
  app.get<{ Querystring: Query }>(PATHS.journal_stream, options, async ({ ctx, query, headers }, reply) => {
    const { after, secrets, ...filter } = query
    const write = (entry: JournalEntry) => JSON.stringify(secrets === true ? entry : maskEntry(entry))
    const events = streamEntries(ctx.journal, {
      after: readEventId(headers['last-event-id']) ?? after ?? ctx.journal.lastId(),
      fits: (entry) => fitsFilter(entry, filter),
      write,
      heartbeat: HEARTBEAT,
    })
    if (events === undefined) throw tooMany()
    endWith(reply, events.end)
    return reply.type('text/event-stream; charset=utf-8').header('cache-control', 'no-store').send(events.result)
  })
}

const tooMany = () =>
  temporarilyUnavailable(
    `${MOST_LISTENERS} requests wait for entries of this journal, expected one of them to end first`,
  )

/** Milliseconds. */
function readWait(wait: string): number {
  const time = /^[0-9]{1,6}$/.test(wait) ? Number(wait) * 1000 : parseDelay(wait)
  if (/^(?:[0-9]{1,6}(?:ms|s|m|h)?)+$/.test(wait) && time <= LONGEST_WAIT) return time
  throw invalidRequest(`wait is ${shown(wait)}, expected seconds or a text such as 2s, 500ms or 1m30s, up to 5m`)
}

/** HTML Living Standard §9.2.4: where a client goes on that was cut off. */
function readEventId(value: unknown): number | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'string' && /^[0-9]{1,15}$/.test(value)) return Number(value)
  throw invalidRequest(`Last-Event-ID is ${shown(String(value))}, expected the id of an entry`)
}
