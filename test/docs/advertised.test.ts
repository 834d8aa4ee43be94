/** docs/protocol.md names what discovery lists. */
import t from 'tap'
import { createApp } from '../app.js'
import { readPage } from './markdown.js'

const text = readPage('docs/protocol.md')

t.test('docs/protocol.md names every grant type, response type and response mode of discovery', async (t) => {
  const { get } = await createApp(t)
  const metadata = (await get('/.well-known/openid-configuration')).json()
  for (const member of ['grant_types_supported', 'response_types_supported', 'response_modes_supported']) {
    t.ok(metadata[member].length > 3, member)
    for (const value of metadata[member]) t.ok(text.includes(`\`${value}\``), `${member}: ${value}`)
  }
})

t.test('the tables of grant types and response types have no other values', async (t) => {
  const { get } = await createApp(t)
  const metadata = (await get('/.well-known/openid-configuration')).json()
  for (const [head, member] of [
    ['| `grant_type` |', 'grant_types_supported'],
    ['| `response_type` |', 'response_types_supported'],
  ] as const) {
    const [, ...lines] = text.slice(text.indexOf(head)).split('\n\n')[0]!.split('\n')
    const listed = lines.slice(1).map((line) => /^\| `([^`]+)` \|/.exec(line)?.[1])
    t.strictSame(listed.toSorted(), metadata[member].toSorted(), member)
  }
})
