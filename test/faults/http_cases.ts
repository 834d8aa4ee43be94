/** HTTP faults: the rule, and checks of the changed response. */
import { gunzipSync } from 'node:zlib'
import type { Test } from 'tap'
import type { FaultName } from '../../src/faults/catalogue.js'
import { jsonOf, type Received, type Rule } from './wire.js'

export interface HttpCase {
  /** Parameters of the rule. */
  readonly rule?: Omit<Rule, 'fault' | 'match'>
  /** Checks the response. */
  check(t: Test, received: Received, pieces: number): void
}

/** Headers of every response with a body. */
const isWhole = (t: Test, { headers, body }: Received) =>
  t.equal(Number(headers['content-length']), body.length, 'whole')

export const HTTP_CASES: Partial<Record<FaultName, HttpCase>> = {
  'http.status': {
    rule: { status: 429, headers: { 'Retry-After': '7' }, body: { error: 'slow_down' } },
    check: (t, received) => {
      t.match(received, { status: 429, headers: { 'retry-after': '7', 'content-type': /^application\/json/ } })
      t.strictSame(jsonOf(received), { error: 'slow_down' })
    },
  },
  'http.delay': {
    rule: { delay: { min: '1ms', max: '2ms' } },
    check: (t, received) => {
      t.ok(received.status! < 300, 'goes well in the end')
      isWhole(t, received)
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
    check: (t, received, pieces) => {
      t.ok(received.status! < 300)
      t.ok(pieces > 1, 'in pieces')
      isWhole(t, received)
    },
  },
  'http.malformed_json': {
    check: (t, received) => {
      t.match(received.headers['content-type'], /^application\/json/)
      isWhole(t, received)
      t.throws(() => jsonOf(received), SyntaxError)
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
    check: (t, received) => {
      t.equal(received.headers['content-type'], 'text/csv')
      isWhole(t, received)
    },
  },
  'http.gzip_garbage': {
    check: (t, received) => {
      t.equal(received.headers['content-encoding'], 'gzip')
      isWhole(t, received)
      t.throws(() => gunzipSync(received.body), { code: 'Z_DATA_ERROR' })
    },
  },
}
