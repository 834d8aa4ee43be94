/** Scopes and the claims that each releases. OpenID Connect Core §5.4: https://openid.net/specs/openid-connect-core-1_0.html#ScopeClaims */
import { STANDARD_SCOPES } from '../clients/scope.js'
import type { Snapshot } from '../config/snapshot.js'
import type { Context } from '../context.js'
import type { Client } from '../directory/clients.js'
import { invalidScope, shown } from '../errors.js'
import { words } from './params.js'
import { listResourceScopes } from './resource.js'

/** Returns the standard and the configured scopes with the claims that each releases. */
export function listScopes(snapshot: Snapshot): Map<string, readonly string[]> {
  const scopes = new Map(Object.entries(STANDARD_SCOPES))
  for (const [name, { claims }] of Object.entries(snapshot.config.scopes)) {
    scopes.set(name, [...(scopes.get(name) ?? []), ...claims])
  }
  return scopes
}

/**
 * Returns the granted part of the requested scope: everything unless the client or a rule limits it. RFC 6749 §3.3.
 * @param offline whether the request can be granted `offline_access`.
 */
export function grantScope(ctx: Context, client: Client, requested: string | undefined, offline: boolean): string {
  let granted = words(requested)
  for (const scope of granted) {
    // RFC 6749 §3.3: scope-token = 1*( %x21 / %x23-5B / %x5D-7E )
    if (!/^[\x21\x23-\x5b\x5d-\x7e]+$/.test(scope)) {
      throw invalidScope(`scope has ${shown(scope)}, expected words of printable ASCII without quote and backslash`)
    }
  }
  const ignore = (reason: string, isIgnored: (scope: string) => boolean) => {
    const ignored = granted.filter(isIgnored)
    if (ignored.length === 0) return
    ctx.remark('scope_ignored', `scope ${shown(ignored.join(' '))} is ignored: ${reason}`)
    granted = granted.filter((scope) => !isIgnored(scope))
  }
  const { rules } = ctx.snapshot
  if (client.scope !== undefined) {
    const registered = words(client.scope)
    const isBeyond = (scope: string) => !registered.includes(scope)
    // Departure: RFC 7591 §2 bounds the client to its scope. Clients register with the first scope and need more of it later.
    if (rules.registered_scope || client.dynamic !== true) ignore('it is not in the scope of the client', isBeyond)
    else remarkScope(ctx, granted.filter(isBeyond))
  }
  if (rules.known_scopes) {
    // OpenID Connect Core §3.1.2.1: unknown scopes are ignored.
    const known = listScopes(ctx.snapshot)
    // Departure: a preset's provider knows the scopes of every resource.
    const isKnown = (scope: string) => known.has(scope) || listResourceScopes(ctx, scope).length > 0
    ignore('it is neither standard nor defined under scopes', (scope) => !isKnown(scope))
  }
  if (rules.offline_access && !offline) {
    // OpenID Connect Core §11: offline_access needs a response with a code and a prompt for consent.
    ignore('it needs prompt=consent and a response_type with code', (scope) => scope === 'offline_access')
  }
  return granted.join(' ')
}

function remarkScope(ctx: Context, beyond: readonly string[]): void {
  if (beyond.length === 0) return
  const message = `would not be granted by a strict provider: scope ${shown(beyond.join(' '))}, which the client has not registered`
  ctx.remark('would_be_refused', message, { rule: 'registered_scope', error: 'invalid_scope' })
}

/**
 * Returns the scope of a refresh request, which can request less than was granted, but not more. RFC 6749 §6. A preset whose
 * provider has scopes of several resources grants more.
 */
export function selectScope(ctx: Context, client: Client, granted: string, requested: string | undefined): string {
  if (requested === undefined) return granted
  const excess = words(requested).filter((scope) => !words(granted).includes(scope))
  if (excess.length > 0) {
    if (ctx.snapshot.preset?.resource_scopes !== undefined) {
      ctx.remark(
        'decision',
        `scope ${shown(excess.join(' '))} is granted in addition, as the provider of the preset does`,
      )
      return grantScope(ctx, client, requested, true)
    }
    throw invalidScope(
      `scope has ${shown(excess.join(' '))}, expected no more than what was granted: ${shown(granted)}`,
    )
  }
  return words(requested).join(' ')
}
