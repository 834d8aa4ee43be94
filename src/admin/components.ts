/** The schemas that admin routes refer to: those of the configuration, and schemas derived from them. */
import { JOURNAL_ENTRY } from './journal_entry.js'
import { integer, object, REFUSAL, type Schema, text, time } from './schema.js'

interface Part extends Schema {
  readonly properties: Readonly<Record<string, Schema>>
  readonly required: readonly string[]
}

/** @param schema the JSON Schema of the configuration. */
export function describeComponents(schema: object): Readonly<Record<string, Schema>> {
  const { $defs } = JSON.parse(JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/')) as {
    readonly $defs: Readonly<Record<string, Schema>>
  }
  const [user, client] = [$defs.User as Part, $defs.Client as Part]
  return {
    ...$defs,
    Refusal: REFUSAL,
    JournalEntry: JOURNAL_ENTRY,
    UserBody: {
      ...user,
      description: 'A user as in the configuration file. `sub` is the one of the path.',
      required: [],
    },
    UserAnswer: extend(user, 'A user with its origin.', {
      origin: { description: 'Origin of the user. `login`: created by a login with an unknown `sub`.', enum: ORIGINS },
    }),
    ClientBody: {
      ...client,
      description: 'A client as in the configuration file. `client_id` is the one of the path.',
      required: client.required.filter((name) => name !== 'client_id'),
    },
    ClientAnswer: extend(client, 'A client with its origin.', {
      origin: { description: 'Origin of the client.', enum: ['file', 'put', 'registered'] },
      client_id_issued_at: time('Time at which the client was put or registered'),
      client_secret_expires_at: integer('Expiry of the secret in seconds since the epoch; 0: never.'),
      registration_access_token: text('Token to read, change and delete the registration (RFC 7592).'),
      software_statement: text('Software statement of the registration (RFC 7591 §2.3).'),
      localized: {
        description: 'Metadata in several languages, such as `client_name#de` (RFC 7591 §2.2).',
        type: 'object',
        additionalProperties: text('The text in that language.'),
      },
    }),
    FaultAnswer: object({ ...COUNTED, ...OWNERS }, Object.keys(COUNTED)),
  }
}

const COUNTED = {
  id: text('Id of a rule added at run time, to read or delete it.'),
  source: { description: 'Origin of the rule.', enum: ['login', 'runtime', 'user', 'client', 'config'] },
  rule: {
    $ref: '#/components/schemas/Fault',
    description: 'The rule of the request or the configuration; with its seed if it has a probability.',
  },
  matched: integer('Number of requests that matched this rule and were not handled by an earlier rule.'),
  hits: integer('Number of requests at which the fault happened.'),
}
const OWNERS = {
  sub: text('The user that has the rule.'),
  client_id: text('The client that has the rule.'),
  flow_id: text('The login for which the fault was chosen.'),
}
const ORIGINS = ['file', 'put', 'login']

function extend(part: Part, description: string, { origin, ...more }: Readonly<Record<string, Schema>>): Schema {
  return {
    ...part,
    description,
    properties: { ...part.properties, origin, ...more },
    required: [...part.required, 'origin'],
  }
}
