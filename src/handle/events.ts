/** Reads server-sent events from a stream of bytes. https://html.spec.whatwg.org/multipage/server-sent-events.html */
import type { Readable } from 'node:stream'

/** Yields the data of each event and skips comments, such as heartbeats. */
export async function* readEvents(body: Readable): AsyncGenerator<string, void, undefined> {
  let rest = ''
  for await (const chunk of body.setEncoding('utf8')) {
    const events = (rest + chunk).split('\n\n')
    rest = events.pop()!
    for (const event of events) {
      const data = event.split('\n').filter((line) => line.startsWith('data:'))
      if (data.length > 0) yield data.map((line) => line.slice('data:'.length)).join('\n')
    }
  }
}
