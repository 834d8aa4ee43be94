/** Requests over a socket: as a text that an HTTP client would not send, and with a body that is sent later. */
import { connect } from 'node:net'
import type { Test } from 'tap'

/** The response to a request that was sent as a text. */
export interface RawResponse {
  readonly status: number
  readonly head: string
  readonly body: string
}

/** Sends lines as the head of a request, and a body. Resolves when the server has closed the connection. */
export function sendRaw(origin: string, lines: readonly string[], body = ''): Promise<RawResponse> {
  const socket = connect(Number(new URL(origin).port), '127.0.0.1').setEncoding('utf8')
  const length = body === '' ? [] : [`Content-Length: ${body.length}`]
  return new Promise((resolve, reject) => {
    let text = ''
    socket.on('error', reject)
    socket.on('data', (chunk: string) => {
      text += chunk
    })
    socket.on('close', () => {
      const [head = '', ...rest] = text.split('\r\n\r\n')
      resolve({ status: Number(head.split(' ')[1]), head, body: rest.join('\r\n\r\n') })
    })
    socket.write(`${[...lines, ...length, 'Connection: close', '', ''].join('\r\n')}${body}`)
  })
}

export interface HeldRequest {
  /** Sends the body and resolves with the whole response. */
  finish(body: string): Promise<string>
  /** Resolves with the received text when the connection is closed. */
  readonly closed: Promise<string>
}

/** Sends the head of a POST request. Resolves when the server has asked for the body. */
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
        // The server answers this when it has received the head.
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
