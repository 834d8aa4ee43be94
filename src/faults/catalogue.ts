/** The fault catalogue: one row per fault. The schema, the documentation, the login page and the doors derive from it. */
import * as responses from './rows/responses.js'
import { type CatalogueEntry, FAULT_ENDPOINTS, type FaultDoor, type Group, type Rows } from './rows/row.js'
import * as tokens from './rows/tokens.js'

export type { FaultDoor } from './rows/row.js'

const DEVICE_CODE = 'urn:ietf:params:oauth:grant-type:device_code'
/** Grant types with an end-user, whose token response can have an ID token. */
const OF_END_USERS = ['authorization_code', 'refresh_token', DEVICE_CODE]

const ID_TOKEN = {
  section: 'ID token',
  door: 'id_token',
  endpoints: ['authorization', 'token'],
  grant_types: OF_END_USERS,
  requires: 'openid',
  offered: true,
} as const satisfies Group
const USERINFO = { section: 'Userinfo', endpoints: ['userinfo'], offered: true } as const
const TOKEN_RESPONSE = { section: 'Token response', endpoints: ['token'] } as const
const JWKS = { section: 'JWKS', endpoints: ['jwks'] } as const

const CATALOGUE = {
  ...group('id_token', { ...tokens.SIGNATURE, ...tokens.CLAIMS, ...tokens.ID_TOKEN }, ID_TOKEN),
  ...group('id_token', tokens.FRONT_CHANNEL, { ...ID_TOKEN, endpoints: ['authorization'] }),
  ...group(
    'access_token',
    { ...tokens.SIGNATURE, ...tokens.CLAIMS, ...tokens.ACCESS_TOKEN },
    {
      section: 'Access token',
      door: 'access_token',
      endpoints: ['authorization', 'token'],
      grant_types: 'every',
      offered: true,
      also_takes: ['jwt_only'],
    },
  ),
  ...group('userinfo', tokens.SIGNATURE, { ...USERINFO, door: 'userinfo', requires: 'signed_userinfo' }),
  ...group('userinfo', tokens.USERINFO_CLAIMS, { ...USERINFO, door: 'userinfo' }),
  ...group('userinfo', tokens.USERINFO_REFUSAL, { ...USERINFO, door: 'http_response' }),
  ...group('introspection', tokens.INTROSPECTION, {
    section: 'Introspection',
    door: 'http_members',
    endpoints: ['introspection'],
  }),
  ...group('jarm', tokens.SIGNATURE, {
    section: 'Authorization response as a JWT',
    door: 'jarm',
    endpoints: ['authorization'],
  }),
  ...group('authorize', responses.AUTHORIZE, {
    section: 'Authorization response',
    door: 'authorization_response',
    endpoints: ['authorization'],
    offered: true,
  }),
  ...group('token', responses.TOKEN, { ...TOKEN_RESPONSE, door: 'http_members', grant_types: 'every', offered: true }),
  ...group('token', tokens.REFRESH, {
    ...TOKEN_RESPONSE,
    door: 'refresh_token_rotation',
    grant_types: ['refresh_token'],
    offered: true,
  }),
  // RFC 8628 §3.5: the device flow has no login page that could offer these.
  ...group('token', responses.DEVICE_POLL, { ...TOKEN_RESPONSE, door: 'http_response', grant_types: [DEVICE_CODE] }),
  ...group('discovery', responses.DISCOVERY, { section: 'Discovery', door: 'http_members', endpoints: ['discovery'] }),
  ...group('jwks', responses.JWKS, { ...JWKS, door: 'http_members' }),
  ...group('jwks', tokens.ROTATION, {
    ...JWKS,
    door: 'signing_keys',
    endpoints: ['authorization', 'token'],
    grant_types: 'every',
  }),
  ...group(
    'logout_token',
    { ...tokens.SIGNATURE, ...tokens.CLAIMS, ...tokens.LOGOUT_TOKEN },
    { section: 'Logout token', door: 'logout_token', endpoints: ['end_session'], requires: 'backchannel_logout' },
  ),
  ...group('end_session', responses.END_SESSION, {
    section: 'End of the session',
    door: 'post_logout_redirect',
    endpoints: ['end_session'],
  }),
  ...group('logout', tokens.BACKCHANNEL_LOGOUT, {
    section: 'Back-channel logout',
    door: 'backchannel_logout',
    endpoints: ['end_session'],
    requires: 'backchannel_logout',
  }),
  ...group('registration', responses.REGISTRATION, {
    section: 'Registration',
    door: 'http_members',
    endpoints: ['registration'],
  }),
  ...group('http', responses.HTTP, {
    section: 'Transport, at any endpoint',
    door: 'http_response',
    endpoints: FAULT_ENDPOINTS,
  }),
}

export type FaultName = keyof typeof CATALOGUE

/** Faults that act at a door. A door's table has exactly these keys. */
export type FaultAt<D extends FaultDoor> = {
  [N in FaultName]: (typeof CATALOGUE)[N]['door'] extends D ? N : never
}[FaultName]

export const FAULT_CATALOGUE: Readonly<Record<FaultName, CatalogueEntry>> = CATALOGUE

export const FAULT_NAMES = Object.keys(CATALOGUE) as FaultName[]

/** Returns the faults with their descriptions for the schema of the configuration: effect and required reaction. */
export function listSchemaEnum(): readonly (readonly [name: FaultName, description: string])[] {
  return FAULT_NAMES.map((name) => {
    const { effect, must } = FAULT_CATALOGUE[name]
    return [name, `${effect} Expected reaction: ${must}.`]
  })
}

/** Completes rows with the columns of their group. A row's own column comes first. */
function group<P extends string, R extends Rows, D extends FaultDoor>(
  prefix: P,
  rows: R,
  { also_takes = [], ...shared }: Group & { readonly door: D },
) {
  const entries = Object.entries(rows).map(([name, row]) => {
    const takes = [...(row.takes ?? []), ...also_takes]
    return [`${prefix}.${name}`, { ...shared, ...row, ...(takes.length > 0 && { takes }) }]
  })
  return Object.fromEntries(entries) as {
    readonly [K in keyof R & string as `${P}.${K}`]: CatalogueEntry & {
      readonly door: R[K] extends { readonly door: infer O } ? O : D
    }
  }
}
