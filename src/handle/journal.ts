/** Lists, awaits and streams the journal entries of an issuer. */
import { parseDelay } from '../duration.js'
import type { FaultName } from '../faults/catalogue.js'
import type { JournalEntry, JournalEvent } from '../journal/entry.js'
import { PATHS } from '../routes.js'
import { JournalTimeoutError } from './admin_error.js'
import type { Caller } from './call.js'
import { readEvents } from './events.js'
import type { TransportResponse } from './transport.js'

/** Conditions on an entry. An entry matches if all of them hold. */
export interface JournalFilter {
  /** Name of the endpoint in discovery, without `_endpoint`: `authorization`, `token`, `userinfo` and so on. */
  readonly endpoint?: string
  readonly client_id?: string
  readonly sub?: string
  /** HTTP status, or a class such as `4xx`. */
  readonly status?: number | string
  /** Identifier that all entries of one login share. */
  readonly flow_id?: string
  /** Event of one of the entry's remarks. */
  readonly event?: JournalEvent
  /** Fault that happened in the exchange. */
  readonly fault?: FaultName
}

export interface ListOptions {
  /** Only entries after the one with this `id`. */
  readonly after?: number
  /** Maximum number of entries: the first ones after `after`, or else the newest. */
  readonly limit?: number
  /** Whether to show tokens, codes and secrets. Default: they are masked. */
  readonly secrets?: boolean
}

export interface WaitOptions {
  /** Time limit: seconds, or a text such as `500ms` or `2s`, up to five minutes. Default: `5s`. */
  readonly timeout?: number | string
  /** Only entries after the one with this `id`. Default: 0, all kept entries. */
  readonly after?: number
  /** Whether to show tokens, codes and secrets. Default: they are masked. */
  readonly secrets?: boolean
}

export interface StreamOptions {
  /** Starts after the entry with this `id`. Absent: starts with the next new entry. */
  readonly after?: number
  /** Whether to show tokens, codes and secrets. Default: they are masked. */
  readonly secrets?: boolean
  /** Ends the stream. */
  readonly signal?: AbortSignal
}

/** A refused call throws an `AdminError`, for example if no entry can match the filter. */
export interface JournalHandle {
  /** Returns the kept entries that match, oldest first. */
  list(filter?: JournalFilter, options?: ListOptions): Promise<readonly JournalEntry[]>
  /**
   * Returns the first entry that matches. Entries that the journal already holds count, so an entry recorded between an
   * action and this call is found. To wait for a later entry, pass the `id` of an earlier one:
   *
   * ```ts
   * const first = await provider.journal.waitFor({ endpoint: 'token' })
   * // … the application refreshes its tokens …
   * const second = await provider.journal.waitFor({ endpoint: 'token' }, { after: first.id, timeout: '2s' })
   * ```
   *
   * `await provider.journal.last_id()` before an action also gives a value for `after`.
   *
   * @throws {JournalTimeoutError} after the time limit. It has the filter and the newest entries.
   */
  waitFor(filter?: JournalFilter, options?: WaitOptions): Promise<JournalEntry>
  /** Returns the `id` of the newest entry ever recorded; 0 before the first. */
  last_id(): Promise<number>
  /**
   * Yields entries as they are recorded, from this call on. Leaving the loop or closing the provider ends the stream. Without
   * a loop, only `signal` ends it.
   */
  stream(filter?: JournalFilter, options?: StreamOptions): AsyncGenerator<JournalEntry, void, undefined>
  /** Deletes all entries. Later ids continue to count. */
  clear(): Promise<void>
}

interface EntriesAnswer {
  readonly entries: readonly JournalEntry[]
  readonly last_id: number
}

/** Number of entries in a JournalTimeoutError. */
const SHOWN = 5

export function createJournalHandle({ call, open }: Caller): JournalHandle {
  const list: JournalHandle['list'] = async (filter = {}, options = {}) =>
    (await call<EntriesAnswer>('GET', PATHS.journal, { query: { ...filter, ...options } })).entries
  return {
    list,
    async waitFor(filter = {}, { timeout = '5s', after = 0, secrets } = {}) {
      const wait = typeof timeout === 'number' ? `${Math.round(timeout * 1000)}ms` : timeout
      // The provider ends the wait. This limit holds if the provider does not answer at all.
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
      // The request is sent before the first read, so that entries recorded between the two are not missed.
      const opened = open('GET', PATHS.journal_stream, until, { query: { ...filter, ...options } })
      opened.catch(() => undefined)
      return follow(opened, ended, until)
    },
    clear: () => call('DELETE', PATHS.journal),
  }
}

async function* follow(
  opened: Promise<TransportResponse>,
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

/** Milliseconds for the response to arrive after the time limit of the wait. */
const GRACE = 10_000

function describeTimeout(filter: object, wait: string, after: number, others: readonly JournalEntry[]): string {
  const missing = `no entry matches ${JSON.stringify(filter)}${after > 0 ? ` after ${after}` : ''} within ${wait}`
  if (others.length === 0) return `${missing}; the journal is empty: this issuer has received no request`
  const newest = others.length === 1 ? 'entry is' : `${others.length} entries are`
  return `${missing}; the newest ${newest}:\n${others.map(describe).join('\n')}`
}

/** Describes an entry in one line. An entry without a request has no endpoint and is described by its remarks. */
function describe({ id, endpoint, request, response, client_id, sub, faults, remarks }: JournalEntry): string {
  const parties = Object.entries({ client_id, sub }).flatMap(([name, value]) => (value ? [`${name} ${value}`] : []))
  const details = [...parties, ...faults.map(({ fault }) => fault)].join(', ')
  const subject = endpoint ?? remarks.map(({ event }) => event).join(', ')
  const parts = [id, subject, request?.method, request?.url.split('?')[0], response?.status, details]
  return `  ${parts.filter((part) => part !== undefined && part !== '').join(' ')}`
}
