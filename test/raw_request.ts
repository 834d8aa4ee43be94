/** A request over a bare socket, whose body is held back. */
import { connect } from 'node:net'
import type { Test } from 'tap'

export interface HeldRequest {
  /** Sends the body; resolves with the whole answer. */
  finish(body: string): Promise<string>
  /** Resolves with what came once the connection is gone, finished or not. */
  readonly closed: Promise<string>
}

/** A POST whose head is sent. It is under way once this resolves: the server has asked for the body. */
export async function holdRequest(t: Test, origin: string, path: string, length: number): Promise<HeldRequest> {
  const { port, host } = new URL(origin)
  const socket = connect(Number(port), '127.0.0.1').setEncoding('utf8')
  t.teardown(() => socket.destroy())
  let text = ''
  const closed = new Promise<string>((resolve) => {
    socket.on('close', () => resolve(text.slice(text.indexOf('\r\n\r\n') + 4)))
  })
  await new Promise<void>((resolve, reject) => {
    socket.on('error', reject)
    socket.on('data', (chunk: string) => {
      text += chunk
      if (text.startsWith('HTTP/1.1 100 ')) resolve()
    })
    socket.write(
      [
        `POST ${path} HTTP/1.1`,
        `Host: ${host}`,
        'Content-Type: application/x-www-form-urlencoded',
        `Content-Length: ${length}`,
        'Connection: close',
        // The answer to this comes when the request is in the server's hands, so nothing is waited for blindly.
        'Expect: 100-continue',
        '',
        '',
      ].join('\r\n'),
    )
  })
  return {
    closed,
    finish: (body) => {
      socket.write(body)
      return closed
    },
  }
}
