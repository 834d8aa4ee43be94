/** The journal: lists the last exchanges, waits for the next one, and streams them. */
import type { FastifyPluginAsync, FastifyReply } from 'fastify'
import { parseDelay } from '../duration.js'
import { invalidRequest, shown, temporarilyUnavailable } from '../errors.js'
import { FAULT_NAMES } from '../faults/catalogue.js'
import { FAULT_ENDPOINTS } from '../faults/rows/row.js'
import { JOURNAL_EVENTS } from '../journal/entry.js'
import { fitsFilter, type JournalFilter } from '../journal/filter.js'
import { type Journal, MOST_LISTENERS } from '../journal/journal.js'
import type { StoredEntry } from '../journal/stored.js'
import { nextEntry, streamEntries } from '../journal/wait.js'
import { createPacer, shareTexts, type WriteEntry, writeMasked, writeWithSecrets } from '../journal/written.js'
import { PATHS } from '../routes.js'
import { sendTexts } from './list.js'
import { boolean, component, integer, listOf, noContent, object, refusedIf, responseWith, text } from './schema.js'

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
/** Largest length of an indented entry, as a multiple of its length. */
const MOST_INDENT = 4

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
  after: integer('Only entries with a greater `id`. All entries if no `id` is as great: it is of an earlier run.', {
    minimum: 0,
  }),
  secrets: boolean('Whether to show codes, tokens, secrets and passwords, which are otherwise `***`.'),
}

const LIST_QUERY = object({
  ...QUERY,
  limit: integer('Maximum number of entries: the first ones after `after`, otherwise the newest.', { minimum: 0 }),
  wait: text(
    'Time to wait for the first entry that matches, if there is none: `2s`, `500ms`, up to `5m`. Without `after`, from now on.',
  ),
})

const TOO_MANY = { ...component('Refusal'), description: `${MOST_LISTENERS} requests wait for entries.` }

const ENTRIES = responseWith('The entries, oldest first.', {
  entries: listOf(component('JournalEntry')),
  last_id: integer(
    'For `after` of the next request: the newest `id` when the entries were listed, or that of the last listed entry if `limit` left out later ones.',
  ),
})

export const journal: FastifyPluginAsync = async (app) => {
  const ongoing = new Set<() => void>()
  const masked = shareTexts(writeMasked)
  const open = shareTexts(writeWithSecrets)
  const writerFor = (secrets = false) => (secrets ? open : masked)
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
    response: {
      200: ENTRIES,
      400: refusedIf('`wait` is neither a number of seconds nor a duration up to five minutes'),
      503: TOO_MANY,
    },
  }
  app.get<{ Querystring: ListQuery }>(PATHS.journal, { schema: list }, async ({ ctx, query }, reply) => {
    const { limit, wait, secrets, after: wanted, ...filter } = query
    const after = await readAfter(ctx.journal, wanted)
    const time = wait === undefined ? 0 : readWait(wait)
    const fits = (entry: StoredEntry) => fitsFilter(entry, filter)
    const send = (ids: readonly number[], last_id: number, find = ctx.journal.find) =>
      sendTexts(reply, writeList(ids, last_id, find, writerFor(secrets)))
    // Before the list, so that no entry is missed in between.
    const next = time === 0 ? undefined : nextEntry(ctx.journal, fits, time)
    const onlyNew = wait !== undefined && after === undefined
    const { ids, last_id } = await findEntries(ctx.journal, onlyNew ? await ctx.journal.lastId() : after, fits)
    if (time === 0 || ids.length > 0) {
      next?.end()
      if (after === undefined) return send(ids.slice(Math.max(0, ids.length - (limit ?? ids.length))), last_id)
      const sent = ids.slice(0, limit)
      return send(sent, sent.length < ids.length ? (sent.at(-1) ?? after) : last_id)
    }
    if (next === undefined) throw tooMany()
    endWith(reply, next.end)
    const entry = await next.result
    return entry === undefined ? send([], last_id) : send([entry.id], entry.id, async () => entry)
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
    response: {
      200: text('An endless stream of events.'),
      400: refusedIf('`Last-Event-ID` is not the id of an entry'),
      503: TOO_MANY,
    },
  }
  // HEAD would never end.
  const options = { schema: stream, exposeHeadRoute: false }
  app.get<{ Querystring: Query }>(PATHS.journal_stream, options, async ({ ctx, query, headers }, reply) => {
    const { after, secrets, ...filter } = query
    const events = streamEntries(ctx.journal, {
      after:
        (await readAfter(ctx.journal, readEventId(headers['last-event-id']) ?? after)) ?? (await ctx.journal.lastId()),
      fits: (entry) => fitsFilter(entry, filter),
      write: writerFor(secrets),
      heartbeat: HEARTBEAT,
    })
    if (events === undefined) throw tooMany()
    endWith(reply, events.end)
    return reply.type('text/event-stream; charset=utf-8').header('cache-control', 'no-store').send(events.result)
  })
}

/** Returns the id after which entries are read. A greater id than all is of an earlier run of the provider: all are read. */
const readAfter = async (journal: Journal, after: number | undefined) =>
  after !== undefined && after > (await journal.lastId()) ? 0 : after

/** Returns the ids of the entries that fit, and the newest id of all. */
async function findEntries(journal: Journal, after: number | undefined, fits: (entry: StoredEntry) => boolean) {
  const pace = createPacer()
  const newest = await journal.lastId()
  const entries = await journal.list(after)
  const ids: number[] = []
  for (const entry of entries) {
    if (fits(entry)) ids.push(entry.id)
    await pace(0)
  }
  return { ids, last_id: entries.at(-1)?.id ?? newest }
}

/** Returns the JSON of an entry as an item of a list, in the format of all responses unless that is many times as long. */
function indent(json: string): string {
  const indented = JSON.stringify(JSON.parse(json), null, 2).replaceAll('\n', '\n    ')
  return indented.length > MOST_INDENT * json.length ? json : indented
}

/**
 * Yields a list of entries as JSON. An entry is read when the client has received those before it, so that a slow client
 * keeps none in memory; entries that the journal no longer keeps are left out.
 */
async function* writeList(
  ids: readonly number[],
  last_id: number,
  find: Journal['find'],
  write: WriteEntry,
): AsyncGenerator<string, void, undefined> {
  const pace = createPacer()
  yield '{\n  "entries": ['
  let separator = ''
  for (const id of ids) {
    const entry = await find(id)
    if (entry === undefined) continue
    const item = indent(write(entry))
    yield `${separator}\n    ${item}`
    separator = ','
    await pace(entry.json.length + item.length)
  }
  yield `${separator === '' ? '' : '\n  '}],\n  "last_id": ${last_id}\n}\n`
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
