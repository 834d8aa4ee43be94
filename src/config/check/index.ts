/** Checks that JSON Schema cannot express: whether the parts of a configuration are consistent. */

import { LATEST_TIME, LONGEST_DURATION, parseDuration, parseTime } from '../../duration.js'
import { checkFaults } from '../../faults/check.js'
import type { Client, Config, EncryptionKey, Key, User } from '../../generated/types.js'
import { parseEntry } from '../destinations.js'
import type { Complaint } from '../errors.js'
import { checkOwnClaims, expectedSub } from '../provided_claims.js'
import type { Pruned } from '../schema.js'
import { isFileContent, show } from '../show.js'
import { suggest } from '../suggest.js'
import { checkClient } from './client.js'
import { checkEmailDomain } from './email_domain.js'
import { checkPossible } from './possible.js'
import { checkServer } from './server.js'

const PLACES = ['id_token', 'userinfo', 'access_token'] as const
const KEY_SOURCES = ['file', 'pem', 'jwk', 'keep_in'] as const

type Found = Iterable<Complaint>

/**
 * Returns all inconsistencies. Values that the schema refused are missing in `config` and cause none.
 * @param whole the configuration in force, of which `config` can be a part.
 */
export function check(config: Pruned<Config>, whole = config): Complaint[] {
  const { users = [], clients = [], keys = [], encryption_keys = [] } = config
  return [
    ...checkServer(config),
    ...checkEmailDomain(config),
    ...checkDurations(config),
    ...checkDestinations(config),
    ...checkClock(config),
    ...checkFaults(['faults'], config.faults, suggest),
    ...checkPossible(['faults'], config.faults, config, whole),
    ...checkAcrValues(config),
    ...checkScopes(config),
    ...checkAccessTokens([], config),
    ...repeated('sub', { users: users.map((user) => user?.sub) }),
    ...users.flatMap((user, index) => [...checkUser(['users', String(index)], user ?? {})]),
    ...users.flatMap((user, index) => [
      ...checkFaults(['users', String(index), 'faults'], user?.faults, suggest, { sub: user?.sub }),
      ...checkPossible(['users', String(index), 'faults'], user?.faults, config, whole),
    ]),
    ...repeated('client_id', { clients: clients.map((client) => client?.client_id) }),
    ...clients.flatMap((client, index) => [...checkClient(['clients', String(index)], client, config)]),
    ...clients.flatMap((client, index) => [...checkAccessTokens(['clients', String(index)], client ?? {})]),
    ...clients.flatMap((client, index) => [
      ...checkFaults(['clients', String(index), 'faults'], client?.faults, suggest, { client_id: client?.client_id }),
      ...checkPossible(['clients', String(index), 'faults'], client?.faults, config, whole, client?.client_id),
    ]),
    ...repeated('keep_in', {
      keys: keys.map(keepIn),
      encryption_keys: encryption_keys.map(keepIn),
    }),
    ...keys.flatMap((key, index) => [...checkKey(['keys', String(index)], key ?? {})]),
    ...encryption_keys.flatMap((key, index) => [...checkKey(['encryption_keys', String(index)], key ?? {})]),
  ]
}

/** Returns the name of the file that keeps a key. The content of a file has its own problem. */
function keepIn(key: Pruned<Key | EncryptionKey> | undefined): string | undefined {
  return key?.keep_in !== undefined && isFileContent(key.keep_in) ? undefined : key?.keep_in
}

/** Returns the members of a key that name its source. */
export function keySources(key: Pruned<Key | EncryptionKey>): (typeof KEY_SOURCES)[number][] {
  return KEY_SOURCES.filter((source) => source in key)
}

/** Yields a complaint for each value that an earlier entry of these lists has. */
export function* repeated(
  member: string,
  lists: Readonly<Record<string, readonly (string | undefined)[]>>,
): Iterable<Complaint> {
  const seen = new Map<string, string>()
  for (const [list, values] of Object.entries(lists)) {
    for (const [index, value] of values.entries()) {
      if (value === undefined) continue
      const earlier = seen.get(value)
      if (earlier === undefined) seen.set(value, list)
      else {
        const message = `is "${value}", expected a value that no earlier entry of ${earlier} has`
        yield { path: [list, String(index), member], at: 'value', message }
      }
    }
  }
}

/** Longest timeout of an outbound call, in seconds. */
const LONGEST_CALL = 3600

function* checkDurations(config: Pruned<Config>): Found {
  const { lifetimes = {}, key_rotation = {}, outbound = {}, refresh_token = {} } = config
  for (const [name, value] of Object.entries(lifetimes)) yield* checkDuration(['lifetimes', name], value)
  for (const [name, value] of Object.entries(key_rotation)) yield* checkDuration(['key_rotation', name], value)
  yield* checkDuration(['outbound', 'timeout'], outbound.timeout, { longest: LONGEST_CALL, inWords: '1 hour' })
  yield* checkDuration(['refresh_token', 'reuse_interval'], refresh_token.reuse_interval, { shortest: 0 })
  const { period, publish_ahead } = key_rotation
  if (period === undefined || publish_ahead === undefined) return
  if (parseDuration(publish_ahead) < parseDuration(period)) return
  const message = `is ${publish_ahead}, expected less than the period, which is ${period}`
  yield { path: ['key_rotation', 'publish_ahead'], at: 'value', message }
}

function* checkDuration(
  path: readonly string[],
  value: number | string | undefined,
  { shortest = 1, longest = LONGEST_DURATION, inWords = '100 years' } = {},
): Found {
  if (value === undefined) return
  const seconds = parseDuration(value)
  if (seconds >= shortest && seconds <= longest) return
  const message = `is "${value}" (${seconds} seconds), expected from ${shortest} ${shortest === 1 ? 'second' : 'seconds'} to ${longest} seconds (${inWords})`
  yield { path, at: 'value', message }
}

function* checkDestinations({ outbound: { allow = [] } = {} }: Pruned<Config>): Found {
  for (const [index, text] of (allow as readonly (string | undefined)[]).entries()) {
    if (text === undefined || parseEntry(text) !== undefined) continue
    const message = `is ${show(text, false, '')}, expected a host such as app, app:3000 or *.example.com, an IP address, or a range such as 10.0.0.0/8`
    yield { path: ['outbound', 'allow', String(index)], at: 'value', message }
  }
}

/** Checks the time of the clock, because a text such as 2030-13-45T00:00:00Z has the right form and is no time. */
function* checkClock({ clock: { start } = {} }: Pruned<Config>): Found {
  if (start === undefined) return
  const seconds = parseTime(start)
  if (seconds >= 0 && seconds <= LATEST_TIME) return
  yield { path: ['clock', 'start'], at: 'value', message: `is "${start}", expected a time from 1970 to 9999` }
}

/** Checks acr_values. OpenID Connect Core §3.1.2.1: spaces separate the values. */
function* checkAcrValues({ acr_values = [] }: Pruned<Config>): Found {
  for (const [index, value] of acr_values.entries()) {
    const path = ['acr_values', String(index)]
    if (value?.includes(' ')) yield { path, at: 'value', message: `is "${value}", expected a value without spaces` }
    else if (value !== undefined && acr_values.indexOf(value) < index) {
      yield { path, at: 'value', message: `is "${value}", expected a value that no earlier entry has` }
    }
  }
}

function* checkScopes({ scopes = {} }: Pruned<Config>): Found {
  // OpenID Connect Core §3.1.2.1: `openid` marks an OpenID Connect request; it releases no claims of the configuration.
  if (Object.hasOwn(scopes, 'openid')) {
    yield {
      path: ['scopes', 'openid'],
      at: 'key',
      message: 'cannot be defined; claims without a scope are released to every client',
    }
  }
}

/** Checks the claims of access tokens, of the whole configuration or of one client. */
function* checkAccessTokens(path: readonly string[], { access_tokens = {} }: Pruned<Config> | Pruned<Client>): Found {
  yield* checkOwnClaims([...path, 'access_tokens', 'claims'], 'access_token', access_tokens.claims ?? {}, undefined)
}

function* checkUser(path: readonly string[], user: Pruned<User>): Found {
  const { sub, claims = {}, claim_sources = {} } = user
  if (sub === undefined) return
  if (Object.hasOwn(claims, 'sub') && claims.sub !== sub) {
    const message = `is ${JSON.stringify(claims.sub)}, expected ${expectedSub(sub)}`
    yield { path: [...path, 'claims', 'sub'], at: 'value', message }
  }
  for (const place of PLACES) {
    yield* checkOwnClaims([...path, place], place, user[place] ?? {}, { sub, claim_sources })
  }
}

function* checkKey(path: readonly string[], key: Pruned<Key | EncryptionKey>): Found {
  const sources = keySources(key)
  if (sources.length < 2) return
  yield { path, at: 'value', message: `has ${sources.join(' and ')}, expected one of them` }
}
