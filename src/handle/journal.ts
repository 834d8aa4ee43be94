/** The journal of an issuer, from a test's point of view: what came and went, what is to come, and a live stream of it. */
import { parseDelay } from '../duration.js'
import type { FaultName } from '../faults/catalogue.js'
import type { JournalEntry, JournalEvent } from '../journal/entry.js'
import { PATHS } from '../routes.js'
import { JournalTimeoutError } from './admin_error.js'
import type { Caller } from './call.js'
import { readEvents } from './events.js'
import type { Received } from './transport.js'

/** What must be so of an entry; all of it. */
export interface JournalFilter {
  /** As discovery names it, less `_endpoint`: `authorization`, `token`, `userinfo` … */
  readonly endpoint?: string
  readonly client_id?: string
  readonly sub?: string
  /** The HTTP status, or a class of them such as `4xx`. */
  readonly status?: number | string
  /** What the entries of one login have in common. */
  readonly flow_id?: string
  /** What a remark of the entry is about. */
  readonly event?: JournalEvent
  /** What went wrong on purpose. */
  readonly fault?: FaultName
}

export interface ListOptions {
  /** Only entries after the one with this `id`. */
  readonly after?: number
  /** So many at most: the newest. */
  readonly limit?: number
  /** Shows tokens, codes and secrets, which are masked otherwise. */
  readonly secrets?: boolean
}

export interface WaitOptions {
  /** How long to wait: seconds, or a text such as `500ms` or `2s`, up to five minutes. Default: `5s`. */
  readonly timeout?: number | string
  /** Only entries after the one with this `id` count. Default: 0, all that are kept. */
  readonly after?: number
  readonly secrets?: boolean
}

export interface StreamOptions {
  /** Begins after the entry with this `id`; left out, with the next that comes. */
  readonly after?: number
  readonly secrets?: boolean
  /** Ends the stream. */
  readonly signal?: AbortSignal
}

/** Every call throws an `AdminError` if it is refused, such as for a filter that could match nothing. */
export interface JournalHandle {
  /** The entries that are kept and match, oldest first. */
  list(filter?: JournalFilter, options?: ListOptions): Promise<readonly JournalEntry[]>
  /**
   * The first entry that matches, be it there already or still to come: nothing is missed that comes between an action
   * and this call. To wait for another one, say after which:
   *
   * ```ts
   * const first = await provider.journal.waitFor({ endpoint: 'token' })
   * // … the application refreshes its tokens …
   * const second = await provider.journal.waitFor({ endpoint: 'token' }, { after: first.id, timeout: '2s' })
   * ```
   *
   * `await provider.journal.last_id()`, asked before an action, does as well where nothing came before.
   *
   * @throws {JournalTimeoutError} when the time is over; it names the filter and what came instead.
   */
  waitFor(filter?: JournalFilter, options?: WaitOptions): Promise<JournalEntry>
  /** The `id` of the newest entry that there ever was; 0 before the first. */
  last_id(): Promise<number>
  /**
   * Entries as they come, from this call on. Leaving the loop ends it, and so does the provider when it closes; a call
   * that is never looped over ends with `signal` only.
   */
  stream(filter?: JournalFilter, options?: StreamOptions): AsyncGenerator<JournalEntry, void, undefined>
  /** Forgets all entries; ids count on. */
  clear(): Promise<void>
}

interface EntriesAnswer {
  readonly entries: readonly JournalEntry[]
  readonly last_id: number
}

/** So many entries tell what came instead. */
const SHOWN = 5

export function createJournalHandle({ call, open }: Caller): JournalHandle {
  const list: JournalHandle['list'] = async (filter = {}, options = {}) =>
    (await call<EntriesAnswer>('GET', PATHS.journal, { query: { ...filter, ...options } })).entries
  return {
    list,
    async waitFor(filter = {}, { timeout = '5s', after = 0, secrets } = {}) {
      const wait = typeof timeout === 'number' ? `${Math.round(timeout * 1000)}ms` : timeout
      // The provider says when the time is over; that it says nothing at all must not last for ever.
      const limit = parseDelay(wait) + GRACE
      const query = { ...filter, wait, after, secrets, limit: 1 }
      const { entries } = await call<EntriesAnswer>('GET', PATHS.journal, { query, limit })
      if (entries[0] !== undefined) return entries[0]
      const others = await list({}, { limit: SHOWN })
      throw new JournalTimeoutError(describeTimeout(filter, wait, after, others), others)
    },
    async last_id() {
      return (await call<EntriesAnswer>('GET', PATHS.journal, { query: { limit: 0 } })).last_id
    },
    stream(filter = {}, { signal, ...options } = {}) {
      const ended = new AbortController()
      const until = signal === undefined ? ended.signal : AbortSignal.any([ended.signal, signal])
      // Asked for at once, so that what comes before the first look is not missed.
      const opened = open('GET', PATHS.journal_stream, until, { query: { ...filter, ...options } })
      opened.catch(() => undefined)
      return follow(opened, ended, until)
    },
    clear: () => call('DELETE', PATHS.journal),
  }
}

async function* follow(
  opened: Promise<Received>,
  ended: AbortController,
  until: AbortSignal,
): AsyncGenerator<JournalEntry, void, undefined> {
  try {
    for await (const data of readEvents((await opened).body)) yield JSON.parse(data)
  } catch (error) {
    if (!until.aborted) throw error
  } finally {
    ended.abort()
  }
}

/** Milliseconds for an answer to come, after the time to wait for it. */
const GRACE = 10_000

function describeTimeout(filter: object, wait: string, after: number, others: readonly JournalEntry[]): string {
  const wanted = `no entry ${JSON.stringify(filter)}${after > 0 ? ` after ${after}` : ''} within ${wait}`
  if (others.length === 0) return `${wanted}; the journal is empty: nothing has called this issuer`
  return `${wanted}; the last ${others.length === 1 ? 'one is' : `${others.length} are`}:\n${others.map(describe).join('\n')}`
}

/** An entry in a line. One that nobody asked for has no endpoint, but says what happened. */
function describe({ id, endpoint, request, response, client_id, sub, faults, remarks }: JournalEntry): string {
  const about = Object.entries({ client_id, sub }).flatMap(([name, value]) => (value ? [`${name} ${value}`] : []))
  const went = [...about, ...faults.map(({ fault }) => fault)].join(', ')
  const what = endpoint ?? remarks.map(({ event }) => event).join(', ')
  const parts = [id, what, request?.method, request?.url.split('?')[0], response?.status, went]
  return `  ${parts.filter((part) => part !== undefined && part !== '').join(' ')}`
}
