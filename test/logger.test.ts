/** Tests of the log: readable lines on a terminal, JSON elsewhere. */
import { Writable } from 'node:stream'
import { test } from 'tap'
import { createLogger, type LogStream } from '../src/logger.js'

/** Creates a stream that keeps its text; `next` resolves after the next write. */
function collect(isTTY?: boolean): { stream: LogStream; text: () => string; next: () => Promise<string> } {
  let text = ''
  let arrived = () => {}
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString()
      arrived()
      done()
    },
  })
  return {
    stream: Object.assign(stream, isTTY === undefined ? {} : { isTTY }),
    text: () => text,
    next: () =>
      new Promise((resolve) => {
        arrived = () => resolve(text)
      }),
  }
}

test('without a terminal a line is JSON', async (t) => {
  for (const [format, isTTY] of [
    ['auto', undefined],
    ['auto', false],
    ['json', true],
  ] as const) {
    const { stream, text } = collect(isTTY)
    createLogger({ level: 'info', format }, stream, {}).info({ sub: 'alice' }, 'logged in')
    const { time, ...line } = JSON.parse(text())
    t.strictSame(line, { level: 'info', sub: 'alice', msg: 'logged in' })
    t.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  }
})

test('on a terminal a line is readable and has colors', async (t) => {
  const { stream, next } = collect(true)
  const line = next()
  createLogger({ level: 'info', format: 'auto' }, stream, {}).info({ sub: 'alice', reqId: 'req-1' }, 'logged in')
  const text = await line
  t.match(text, '\u001b[')
  t.match(text, 'logged in')
  t.match(text, 'alice')
  t.notMatch(text, 'req-1')
})

test('format pretty without a terminal has no colors', async (t) => {
  const { stream, next } = collect()
  const line = next()
  createLogger({ level: 'info', format: 'pretty' }, stream, {}).warn({ sub: 'alice' }, 'careful')
  t.match(await line, /^\[\d\d:\d\d:\d\d\] WARN: careful {"sub":"alice"}\n$/)
})

test('lines below the level are not written', async (t) => {
  const { stream, text } = collect()
  const log = createLogger({ level: 'warn', format: 'json' }, stream, {})
  log.info('below')
  log.warn('at the level')
  t.equal(JSON.parse(text()).msg, 'at the level')
  const silent = collect()
  createLogger({ level: 'silent', format: 'json' }, silent.stream, {}).fatal('below')
  t.equal(silent.text(), '')
})
