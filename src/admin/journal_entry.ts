/** What an entry of the journal looks like, for the OpenAPI document. */
import { JOURNAL_EVENTS } from '../journal/entry.js'
import { integer, listOf, object, responseWith, type Schema, text, time } from './schema.js'

const anything = (description: string): Schema => ({ description })
const members = (description: string): Schema => ({ type: 'object', description, additionalProperties: true })

const MESSAGE = {
  headers: members('By their names in small letters.'),
  body: anything('Forms and JSON as objects; of a page what it says, or how long it is; other texts as they are.'),
  body_cut: integer('How many characters the body has, where only `journal.max_body` of them are here.'),
}

const FAULT = responseWith('A fault that happened.', {
  fault: text('Its name.'),
  source: text('Where the rule comes from: `login`, `runtime`, `user`, `client` or `config`.'),
  id: text('That of the rule.'),
})

const REMARK = responseWith('What was decided, and why.', {
  event: text('What it is about.', { enum: JOURNAL_EVENTS }),
  message: text('For people.'),
  details: members('The same for programs.'),
})

export const JOURNAL_ENTRY: Schema = {
  description: 'An exchange, or what happened without one.',
  ...object(
    {
      id: integer('Counts from 1.'),
      at: time('When it was answered'),
      ms: integer('How long it took, in real milliseconds.'),
      endpoint: text('As discovery names it, less `_endpoint`; `backchannel_logout` is a call to a client.'),
      client_id: text('The client that asked, or was told.'),
      sub: text("The end-user's own `sub`."),
      grant_type: text('As it came.'),
      scope: text('What was asked for and granted, separated by spaces.'),
      resource: listOf(text('As it came (RFC 8707).')),
      flow_id: text('The same from the authorization request to the last refresh and the logout.'),
      request: object(
        {
          method: text('GET, POST …'),
          url: text('The path with its query, or the URL of a call to a client.'),
          ...MESSAGE,
        },
        ['method', 'url', 'headers'],
      ),
      response: object({ status: integer('The status.'), ...MESSAGE }, ['status', 'headers']),
      error: text('The code of a refusal, wherever it went.'),
      error_description: text('What came, and what was expected.'),
      tokens: listOf(
        object(
          {
            name: text('Which token it is, such as `id_token`.'),
            header: members('Its header.'),
            payload: members('Its claims; left out where they are encrypted.'),
          },
          ['name', 'header'],
        ),
      ),
      remarks: listOf(REMARK),
      faults: listOf(FAULT),
    },
    ['id', 'at', 'tokens', 'remarks', 'faults'],
  ),
}
