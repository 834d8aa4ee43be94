/** Faults of any endpoint: the rule, and what a client meets instead of the answer that it would get. */
import { gunzipSync } from 'node:zlib'
import type { Test } from 'tap'
import type { FaultName } from '../../src/faults/catalogue.js'
import { type Came, jsonOf, type Rule } from './wire.js'

export interface HttpCase {
  /** What the rule says besides. */
  readonly rule?: Omit<Rule, 'fault' | 'match'>
  /** Looks at what came. */
  check(t: Test, came: Came, pieces: number): void
}

/** What every answer of ours that has a body says of it. */
const isWhole = (t: Test, { headers, body }: Came) => t.equal(Number(headers['content-length']), body.length, 'whole')

export const HTTP_CASES: Partial<Record<FaultName, HttpCase>> = {
  'http.status': {
    rule: { status: 429, headers: { 'Retry-After': '7' }, body: { error: 'slow_down' } },
    check: (t, came) => {
      t.match(came, { status: 429, headers: { 'retry-after': '7', 'content-type': /^application\/json/ } })
      t.strictSame(jsonOf(came), { error: 'slow_down' })
    },
  },
  'http.delay': {
    rule: { delay: { min: '1ms', max: '2ms' } },
    check: (t, came) => {
      t.ok(came.status! < 300, 'goes well in the end')
      isWhole(t, came)
    },
  },
  'http.timeout': { check: (t, { failure }) => t.equal(failure, 'ABORT_ERR', 'only the client ends it') },
  'http.reset': {
    check: (t, { status, failure }) => t.strictSame([status, failure], [undefined, 'ECONNRESET']),
  },
  'http.truncate': {
    check: (t, { status, headers, body, failure }) => {
      t.ok(status! < 300, 'it begins well')
      t.equal(body.length, Math.floor(Number(headers['content-length']) / 2), 'half of it')
      t.equal(failure, 'ECONNRESET', 'and then nothing')
    },
  },
  'http.slow_body': {
    rule: { bytes: 40, delay: '1ms' },
    check: (t, came, pieces) => {
      t.ok(came.status! < 300)
      t.ok(pieces > 1, 'in pieces')
      isWhole(t, came)
    },
  },
  'http.malformed_json': {
    check: (t, came) => {
      t.match(came.headers['content-type'], /^application\/json/)
      isWhole(t, came)
      t.throws(() => jsonOf(came), SyntaxError)
    },
  },
  'http.redirect': {
    rule: { location: 'https://elsewhere.example.com/?a=b', status: 307 },
    check: (t, { status, headers, body }) => {
      t.strictSame([status, headers.location, body.length], [307, 'https://elsewhere.example.com/?a=b', 0])
    },
  },
  'http.wrong_content_type': {
    rule: { content_type: 'text/csv' },
    check: (t, came) => {
      t.equal(came.headers['content-type'], 'text/csv')
      isWhole(t, came)
    },
  },
  'http.gzip_garbage': {
    check: (t, came) => {
      t.equal(came.headers['content-encoding'], 'gzip')
      isWhole(t, came)
      t.throws(() => gunzipSync(came.body), { code: 'Z_DATA_ERROR' })
    },
  },
}
