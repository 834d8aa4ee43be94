/** Logs that a test can wait for. */
import { Writable } from 'node:stream'

/** Text that arrives in lines. */
export interface Lines {
  /** Receives the text. */
  readonly stream: Writable
  /** Returns everything received so far. */
  text(): string
  /** Returns the complete lines received so far. */
  all(): string[]
  /** Resolves with the nth line that fits, received before or after the call. */
  nth(n: number, fits: (line: string) => boolean): Promise<string>
}

export function collectLines(): Lines {
  let text = ''
  const waiting = new Set<() => void>()
  const stream = new Writable({
    decodeStrings: false,
    write(chunk: Buffer | string, _encoding, done) {
      text += chunk.toString()
      for (const look of waiting) look()
      done()
    },
  })
  const all = () => text.split('\n').slice(0, -1)
  const nth: Lines['nth'] = (n, fits) =>
    new Promise((resolve) => {
      const look = () => {
        const found = all().filter(fits)[n - 1]
        if (found === undefined) return
        waiting.delete(look)
        resolve(found)
      }
      waiting.add(look)
      look()
    })
  return { stream, text: () => text, all, nth }
}

export interface LogLine extends Record<string, unknown> {
  readonly level: number
  readonly msg: string
}

/** A log in JSON. */
export interface LogLines {
  readonly stream: Writable
  /** Returns the lines received so far whose message matches. */
  matching(message: RegExp): LogLine[]
  /** Resolves with the nth line whose message matches, received before or after the call. */
  nth(n: number, message: RegExp): Promise<LogLine>
}

export function collectLog(): LogLines {
  const { stream, all, nth } = collectLines()
  const read = (line: string): LogLine => JSON.parse(line)
  return {
    stream,
    matching: (message) =>
      all()
        .map(read)
        .filter(({ msg }) => message.test(msg)),
    nth: async (n, message) => read(await nth(n, (line) => message.test(read(line).msg))),
  }
}
