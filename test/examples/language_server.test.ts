/** The examples in an editor: yaml-language-server shows no problem in them, and those of a wrong file. */
import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Test, test } from 'tap'
import { ROOT } from '../root.js'
import { missing } from './programs.js'

interface Message {
  readonly id?: number
  readonly method?: string
  readonly params?: unknown
}

interface Diagnostics {
  readonly uri: string
  readonly diagnostics: readonly { readonly range: { readonly start: { readonly line: number } } }[]
}

/** Opens files in the server and returns the lines with a problem, by the URLs of the files. */
async function diagnose(t: Test, files: ReadonlyMap<string, string>): Promise<ReadonlyMap<string, readonly number[]>> {
  const server = spawn('yaml-language-server', ['--stdio'])
  t.teardown(() => server.kill())
  const send = (message: object) => {
    const text = JSON.stringify({ jsonrpc: '2.0', ...message })
    server.stdin.write(`Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`)
  }
  const found = new Map<string, readonly number[]>()
  send({ id: 1, method: 'initialize', params: { processId: null, rootUri: null, capabilities: {} } })
  return await new Promise((resolve, reject) => {
    const receive = ({ id, method, params }: Message) => {
      if (method === undefined && id === 1) {
        send({ method: 'initialized', params: {} })
        for (const [uri, text] of files) {
          const textDocument = { uri, languageId: 'yaml', version: 1, text }
          send({ method: 'textDocument/didOpen', params: { textDocument } })
        }
      } else if (method !== undefined && id !== undefined) send({ id, result: null })
      else if (method === 'textDocument/publishDiagnostics') {
        const { uri, diagnostics } = params as Diagnostics
        found.set(
          uri,
          diagnostics.map(({ range }) => range.start.line + 1),
        )
        if (found.size === files.size) resolve(found)
      }
    }
    let rest = Buffer.alloc(0)
    server.on('error', reject).stdout.on('data', (data: Buffer) => {
      rest = Buffer.concat([rest, data])
      for (;;) {
        const [head, length] = /^Content-Length: (\d+)\r\n(?:.+\r\n)*\r\n/.exec(rest.toString('latin1')) ?? []
        if (head === undefined || rest.length < head.length + Number(length)) return
        const end = head.length + Number(length)
        receive(JSON.parse(rest.subarray(head.length, end).toString()))
        rest = rest.subarray(end)
      }
    })
  })
}

const NO_SERVER = missing('yaml-language-server')

test('yaml-language-server accepts the examples, and refuses a wrong value', { skip: NO_SERVER }, async (t) => {
  const examples = readdirSync(join(ROOT, 'examples'), { recursive: true, encoding: 'utf8' })
    .filter((name) => /\.ya?ml$/.test(name))
    .map((name) => join(ROOT, 'examples', name))
    .filter((file) => readFileSync(file, 'utf8').startsWith('# yaml-language-server: $schema=../'))
  t.ok(examples.length >= 7)
  const files = new Map(examples.map((file) => [pathToFileURL(file).href, readFileSync(file, 'utf8')]))
  const other = pathToFileURL(join(ROOT, 'examples/other.yaml')).href
  files.set(
    other,
    `# yaml-language-server: $schema=../dist/config.schema.json
server:
  port: \${PORT:-9400}
  admin: \${ADMIN:-true}
x-web: &web { redirect_uris: [http://localhost/cb] }
clients: [{ <<: *web, client_id: web }]
profile: lax
`,
  )
  const found = await diagnose(t, files)
  for (const [uri, lines] of found) t.strictSame(lines, uri === other ? [7] : [], uri)
})
