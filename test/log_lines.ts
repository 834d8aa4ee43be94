/** A log that can be waited for. */
import { Writable } from 'node:stream'

export interface LogLine extends Record<string, unknown> {
  readonly level: number
  readonly msg: string
}

export interface LogLines {
  /** Where the log is written to, as JSON. */
  readonly stream: Writable
  /** Every line until now whose message matches. */
  matching(message: RegExp): LogLine[]
  /** The nth line whose message matches, be it there already or still to come. */
  nth(n: number, message: RegExp): Promise<LogLine>
}

export function collectLog(): LogLines {
  const lines: LogLine[] = []
  const waiting = new Set<() => void>()
  const matching = (message: RegExp) => lines.filter(({ msg }) => message.test(msg))
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(JSON.parse(chunk.toString()))
      for (const look of waiting) look()
      done()
    },
  })
  const nth = (n: number, message: RegExp) =>
    new Promise<LogLine>((resolve) => {
      const look = () => {
        const found = matching(message)[n - 1]
        if (found === undefined) return
        waiting.delete(look)
        resolve(found)
      }
      waiting.add(look)
      look()
    })
  return { stream, matching, nth }
}
