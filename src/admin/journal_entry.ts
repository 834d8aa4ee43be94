/** The schema of a journal entry in the OpenAPI document. */
import { JOURNAL_EVENTS } from '../journal/entry.js'
import { integer, listOf, object, responseWith, type Schema, text, time } from './schema.js'

const anything = (description: string): Schema => ({ description })
const members = (description: string): Schema => ({ type: 'object', description, additionalProperties: true })

const MESSAGE = {
  headers: members('Headers by name in lower case.'),
  body: anything('The body: a form or JSON as an object, the text or length of a page, or any other text unchanged.'),
  body_cut: integer('Length of the body in characters, if only the first `journal.max_body` characters are kept.'),
}

const FAULT = responseWith('A fault that happened.', {
  fault: text('Name of the fault.'),
  source: text('Origin of the rule: `login`, `runtime`, `user`, `client` or `config`.'),
  id: text('Id of the rule.'),
})

const REMARK = responseWith('A decision of the provider and its reason.', {
  event: text('Kind of decision.', { enum: JOURNAL_EVENTS }),
  message: text('Description of the decision.'),
  details: members('The values of the message.'),
})

export const JOURNAL_ENTRY: Schema = {
  description: 'An exchange, or an event without a request.',
  ...object(
    {
      id: integer('Number of the entry, from 1.'),
      at: time('Time of the response'),
      ms: integer('Duration of the exchange in real milliseconds.'),
      endpoint: text(
        'Name of the endpoint in discovery, without `_endpoint`; `backchannel_logout` for a call to a client.',
      ),
      client_id: text('Client of the exchange.'),
      sub: text("Subject of the end-user: the user's own `sub`, also for a pairwise client."),
      grant_type: text('Parameter `grant_type` of the request.'),
      scope: text('Requested and granted scope, separated by spaces.'),
      resource: listOf(text('Value of the parameter `resource` (RFC 8707).')),
      flow_id: text('Identifier of a login, from the authorization request to the last refresh and the logout.'),
      request: object(
        {
          method: text('HTTP method.'),
          url: text('Path with its query, or the URL of a call to a client.'),
          ...MESSAGE,
        },
        ['method', 'url', 'headers'],
      ),
      response: object({ status: integer('HTTP status.'), ...MESSAGE }, ['status', 'headers']),
      error: text('Error code of a refusal, in the response or the redirect.'),
      error_description: text('The value found, the value expected, and how to correct it.'),
      tokens: listOf(
        object(
          {
            name: text('Name of the token, such as `id_token`.'),
            header: members('Header of the token.'),
            payload: members('Claims of the token; absent if it is encrypted.'),
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
