/** The schemas that admin routes refer to: the parts of the configuration, and what is made of them. */
import { JOURNAL_ENTRY } from './journal_entry.js'
import { integer, object, REFUSAL, type Schema, text, time } from './schema.js'

interface Part extends Schema {
  readonly properties: Readonly<Record<string, Schema>>
  readonly required: readonly string[]
}

/** @param schema that of the configuration. */
export function describeComponents(schema: object): Readonly<Record<string, Schema>> {
  const { $defs } = JSON.parse(JSON.stringify(schema).replaceAll('"#/$defs/', '"#/components/schemas/')) as {
    readonly $defs: Readonly<Record<string, Schema>>
  }
  const [user, client] = [$defs.User as Part, $defs.Client as Part]
  return {
    ...$defs,
    Refusal: REFUSAL,
    JournalEntry: JOURNAL_ENTRY,
    UserBody: { ...user, description: 'A user as in the file. `sub` is that of the path.', required: [] },
    UserAnswer: extend(user, 'A user, with where it comes from.', {
      origin: { description: 'Where the user comes from: `login` is a login with an unknown `sub`.', enum: ORIGINS },
    }),
    ClientBody: {
      ...client,
      description: 'A client as in the file. `client_id` is that of the path.',
      required: client.required.filter((name) => name !== 'client_id'),
    },
    ClientAnswer: extend(client, 'A client, with where it comes from.', {
      origin: { description: 'Where the client comes from.', enum: ['file', 'put', 'registered'] },
      client_id_issued_at: time('When it was put or registered'),
      client_secret_expires_at: integer('When the secret ends, in seconds since the epoch; 0 is never.'),
      registration_access_token: text('What reads, changes and deletes the registration (RFC 7592).'),
      software_statement: text('As it was registered with (RFC 7591 §2.3).'),
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
  id: text('Of a rule of run time, what deletes it.'),
  source: { description: 'Where the rule comes from.', enum: ['login', 'runtime', 'user', 'client', 'config'] },
  rule: { $ref: '#/components/schemas/Fault', description: 'As it was given; where chance decides, with its seed.' },
  matched: integer('How many exchanges matched that no rule before it took.'),
  hits: integer('At how many of them it happened.'),
}
const OWNERS = {
  sub: text('The user whose rule it is.'),
  client_id: text('The client whose rule it is.'),
  flow_id: text('The login for which it was picked.'),
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
