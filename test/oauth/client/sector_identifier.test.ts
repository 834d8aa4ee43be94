/** The document at a client's sector_identifier_uri. OpenID Connect Registration §5. */
import t from 'tap'
import type { ConfigInput } from '../../../src/generated/input.js'
import { createApp, REDIRECT_URI, register } from '../../app.js'
import { listen, type Reply } from '../../listener.js'

const OTHER = 'https://rp.example/cb'
const answer = (body: unknown, headers: Record<string, string> = { 'content-type': 'application/json' }): Reply => ({
  headers,
  body: typeof body === 'string' ? body : JSON.stringify(body),
})
const outbound: ConfigInput['outbound'] = { timeout: '1s', max_size: 1024 }
const test = await createApp(t, { outbound })

t.test('OpenID Connect Registration §5: a document with every redirect_uri is accepted', async (t) => {
  const listener = await listen(t, () => answer(['https://third.example/', OTHER, REDIRECT_URI]))
  for (const subject_type of ['pairwise', 'public']) {
    const metadata = {
      redirect_uris: [REDIRECT_URI, OTHER],
      subject_type,
      sector_identifier_uri: `${listener.url}/sector`,
    }
    t.match(await register(test, metadata), metadata)
  }
  t.match(listener.received[0], { method: 'GET', url: '/sector' })
})

const UNUSABLE = 'cannot be used; the log and the journal have the reason'
const BAD: [string, Reply | undefined, RegExp][] = [
  ['lacks one', answer([OTHER]), /lacks http:\/\/localhost:8000\/callback, expected all redirect_uris$/],
  ['has one inside of another', answer([[REDIRECT_URI], `${REDIRECT_URI}/x`]), /lacks http/],
  ['is an object', answer({ [REDIRECT_URI]: 1 }), /is not a JSON array$/],
  ['is a text that has it', answer(JSON.stringify(REDIRECT_URI)), /is not a JSON array$/],
  ['is broken', answer('['), /is not valid JSON$/],
  ['is HTML', answer([REDIRECT_URI], { 'content-type': 'text/html' }), /has the content type text\/html, expected/],
  ['has no type', answer([REDIRECT_URI], {}), /has the content type missing, expected application\/json$/],
  ['is huge', answer(Array(1000).fill(REDIRECT_URI)), /answered with more than 1024 bytes$/],
  ['is elsewhere', { status: 302, headers: { location: '/sector' } }, /answered 302, expected 200$/],
  ['is not there', { status: 404 }, /answered 404, expected 200$/],
  ['does not come', undefined, /did not answer within 1 s$/],
]
for (const [title, reply, message] of BAD) {
  t.test(`OpenID Connect Registration §5: a document that ${title} is invalid_client_metadata`, async (t) => {
    const isListed = message.source.startsWith('lacks')
    const listener = await listen(t, () => reply)
    t.match(await register(test, { subject_type: 'pairwise', sector_identifier_uri: listener.url }), {
      error: 'invalid_client_metadata',
      error_description: isListed ? message : `sector_identifier_uri ${listener.url} ${UNUSABLE}`,
    })
    const reason = isListed ? [] : [{ level: 40, msg: message }]
    t.match(
      test.log.splice(0).filter(({ event }) => event === 'document_unusable'),
      reason,
    )
    t.equal(listener.received.length, 1)
  })
}

t.test('OpenID Connect Registration §5: a provider with https accepts only an https document', async (t) => {
  const secure = await createApp(t, { issuer: 'https://op.example', outbound })
  const listener = await listen(t, () => answer([REDIRECT_URI]))
  t.match(await register(secure, { sector_identifier_uri: listener.url }), {
    error: 'invalid_client_metadata',
    error_description: /^sector_identifier_uri \S+ is http, expected https$/,
  })
  t.equal(listener.received.length, 0, 'no request was sent')
  const unreachable = await register(secure, { sector_identifier_uri: listener.url.replace('http:', 'https:') })
  t.match(unreachable.error_description, UNUSABLE)
  t.match(secure.log.filter(({ event }) => event === 'document_unusable')[0]?.msg, /can't be reached/)
})
