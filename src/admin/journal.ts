/** The journal: lists the last exchanges, waits for the next one, and streams them. */
import { setImmediate } from 'node:timers/promises'
import type { FastifyPluginAsync, FastifyReply } from 'fastify'
import { parseDelay } from '../duration.js'
import { invalidRequest, shown, temporarilyUnavailable } from '../errors.js'
import { FAULT_NAMES } from '../faults/catalogue.js'
import { FAULT_ENDPOINTS } from '../faults/rows/row.js'
import { decodeEntry } from '../journal/decode.js'
import { JOURNAL_EVENTS, type JournalEntry, type RecordedEntry } from '../journal/entry.js'
import { fitsFilter, type JournalFilter } from '../journal/filter.js'
import { MOST_LISTENERS } from '../journal/journal.js'
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
/** Number of entries whose text is kept for streams. */
const SHARED_TEXTS = 100
/** Number of entries that are decoded before the event loop runs other requests. */
const CHUNK = 50

const QUERY = {
  endpoint: text(
    'Name of an endpoint as in discovery, without `_endpoint`; `backchannel_logout` for calls to clients.',
    {
      enum: [...FAULT_ENDPOINTS, 'backchannel_logout'],
    },
  ),
  client_id: text('Identifier of a client.'),
  sub: text("Subject of an end-user: the user's own `sub`."),
  status: text('Status such as `401`, or class such as `4xx`.', { pattern: '^[1-5]([0-9][0-9]|xx)$' }),
  flow_id: text('Identifier of a login, from the authorization request to the last refresh and the logout.'),
  event: text('Event of a remark.', { enum: JOURNAL_EVENTS }),
  fault: text('Name of an applied fault.', {
    enum: FAULT_NAMES,
  }),
  after: integer('Only entries with a greater `id`.', { minimum: 0 }),
  secrets: boolean('Whether to show codes, tokens, secrets and passwords, which are otherwise `***`.'),
}

const LIST_QUERY = object({
  ...QUERY,
  limit: integer('Maximum number of entries: the first ones after `after`, otherwise the newest.', { minimum: 0 }),
  wait: text(
    'Time to wait for the first entry that matches, if there is none: `2s`, `500ms`, up to `5m`. Without `after`, from now on.',
  ),
})

const ENTRIES = responseWith('The entries, oldest first.', {
  entries: listOf(component('JournalEntry')),
  last_id: integer('Newest `id` when the entries were listed, for `after` of the next request.'),
})

export const journal: FastifyPluginAsync = async (app) => {
  const ongoing = new Set<() => void>()
  // Streams of the same journal share the text of an entry.
  const masked = new Map<RecordedEntry, string>()
  const writeMasked = (entry: RecordedEntry) => {
    const text = masked.get(entry) ?? JSON.stringify(maskEntry(decodeEntry(entry)))
    masked.set(entry, text)
    const [oldest] = masked.keys()
    if (masked.size > SHARED_TEXTS) masked.delete(oldest!)
    return text
  }
  app.addHook('preClose', async () => {
    for (const end of ongoing) end()
  })
  /** Ends an activity with the connection, or with the server. */
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
    const fits = (entry: RecordedEntry) => fitsFilter(entry, filter)
    // Before the list, so that no entry is missed in between.
    const next = time === 0 ? undefined : nextEntry(ctx.journal, fits, time)
    const before = await ctx.journal.lastId()
    const all = wait !== undefined && after === undefined ? [] : await ctx.journal.list(after)
    const found = all.filter(fits)
    const newest = Math.max(0, found.length - (limit ?? found.length))
    const some = after === undefined ? found.slice(newest) : found.slice(0, limit)
    const last_id = all.at(-1)?.id ?? before
    if (time === 0 || found.length > 0) {
      next?.end()
      return { entries: await readEntries(some, secrets === true), last_id }
    }
    if (next === undefined) throw tooMany()
    endWith(reply, next.end)
    const entry = await next.result
    if (entry === undefined) return { entries: [], last_id }
    return { entries: await readEntries([entry], secrets === true), last_id: entry.id }
  })

  const clear = {
    tags,
    summary: 'Clear the journal',
    response: { 204: noContent('The journal is empty; ids continue.') },
  }
  app.delete(PATHS.journal, { schema: clear }, async ({ ctx }, reply) => {
    await ctx.journal.clear()
    return reply.code(204).send()
  })

  const stream = {
    tags,
    summary: 'Follow the journal',
    description:
      'Server-sent events with the `id` and the JSON of each entry that matches. `Last-Event-ID` or `after` starts after an entry.',
    querystring: object(QUERY),
    headers: { type: 'object', properties: { 'last-event-id': text('Identifier of the last received event.') } },
    produces: ['text/event-stream'],
    response: { 200: text('An endless stream of events.'), 503: component('Refusal') },
  }
  // HEAD would never end.
  const options = { schema: stream, exposeHeadRoute: false }
  app.get<{ Querystring: Query }>(PATHS.journal_stream, options, async ({ ctx, query, headers }, reply) => {
    const { after, secrets, ...filter } = query
    const write = (entry: RecordedEntry) => (secrets === true ? JSON.stringify(decodeEntry(entry)) : writeMasked(entry))
    const events = streamEntries(ctx.journal, {
      after: readEventId(headers['last-event-id']) ?? after ?? (await ctx.journal.lastId()),
      fits: (entry) => fitsFilter(entry, filter),
      write,
      heartbeat: HEARTBEAT,
    })
    if (events === undefined) throw tooMany()
    endWith(reply, events.end)
    return reply.type('text/event-stream; charset=utf-8').header('cache-control', 'no-store').send(events.result)
  })
}

/** Decodes entries, and masks their secrets unless they are requested. */
async function readEntries(entries: readonly RecordedEntry[], secrets: boolean): Promise<JournalEntry[]> {
  const read: JournalEntry[] = []
  for (const [index, entry] of entries.entries()) {
    if (index % CHUNK === CHUNK - 1) await setImmediate()
    read.push(secrets ? decodeEntry(entry) : maskEntry(decodeEntry(entry)))
  }
  return read
}

const tooMany = () =>
  temporarilyUnavailable(
    `${MOST_LISTENERS} requests wait for entries of this journal, expected fewer; end one of them first`,
  )

/** Milliseconds. */
function readWait(wait: string): number {
  const time = /^[0-9]{1,6}$/.test(wait) ? Number(wait) * 1000 : parseDelay(wait)
  if (/^(?:[0-9]{1,6}(?:ms|s|m|h)?)+$/.test(wait) && time <= LONGEST_WAIT) return time
  throw invalidRequest(`wait is ${shown(wait)}, expected seconds or a text such as 2s, 500ms or 1m30s, up to 5m`)
}

/** Reads the id after which an interrupted client continues. HTML Living Standard §9.2.4. */
function readEventId(value: unknown): number | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'string' && /^[0-9]{1,15}$/.test(value)) return Number(value)
  throw invalidRequest(`Last-Event-ID is ${shown(String(value))}, expected the id of an entry`)
}
