/** The `jti` values of used client assertions. RFC 7523 §3 and OpenID Connect Core §9: an assertion is used once. */
import { createHash } from 'node:crypto'
import type { Context } from '../../context.js'
import { invalidClient, shown } from '../../errors.js'
import { NEVER } from '../../store/collections.js'

/** Largest number of values of a client, so that no client takes the room of others. */
const MOST_JTIS = 1000

/** The part of the values that a lenient provider forgets at once if there is no room. */
const FORGOTTEN = 0.1

/** A value, or a client with values, and when it expires. */
type Expiry = readonly [key: string, expires_at: number]

/**
 * Stores the jti until its assertion expires.
 * @returns false if an earlier assertion that has not expired had the jti. Of two requests at once, only one gets true.
 */
export async function useJti(ctx: Context, client_id: string, jti: string, exp: number): Promise<boolean> {
  const used: Expiry = [hashOf(jti), Math.min(exp, NEVER)]
  let result = 'new' as 'new' | 'used' | 'refused'
  const use = () =>
    ctx.store.used_jtis.update(hashOf(client_id), (before) => {
      const known = before?.jtis ?? {}
      const isUsed = (known[used[0]] ?? 0) > ctx.now
      const kept = keepSome(ctx, Object.entries(known))
      result = isUsed ? 'used' : kept.length < MOST_JTIS ? 'new' : 'refused'
      if (result !== 'new') return before
      const jtis = Object.fromEntries([...kept, used])
      return { jtis, expires_at: Math.max(...Object.values(jtis)) }
    })
  try {
    await use()
  } catch {
    await makeRoom(ctx)
    await use()
  }
  if (result === 'refused') throw invalidClient(tooMany(client_id))
  return result === 'new'
}

const tooMany = (client_id: string) =>
  `client ${shown(client_id)} has ${MOST_JTIS} assertions that have not expired, expected fewer; use a shorter exp`

/** Returns a key whose size does not depend on the client, since the values stay until they expire. */
const hashOf = (text: string) => createHash('sha256').update(text).digest('base64url')

/**
 * Returns the values of a client that are kept beside a new one. If there is no room, those of expired assertions are forgotten.
 * If the rule is off, those that expire first are forgotten as well.
 */
function keepSome(ctx: Context, jtis: readonly Expiry[]): readonly Expiry[] {
  if (jtis.length < MOST_JTIS) return jtis
  const forgotten = new Set(findForgotten(ctx, jtis))
  return jtis.filter(([key]) => !forgotten.has(key))
}

/** Forgets clients by the same rule. With it, a value of an assertion that can be used again is kept, and the store refuses the new one. */
async function makeRoom(ctx: Context): Promise<void> {
  const { used_jtis } = ctx.store
  const clients: Expiry[] = []
  for await (const [key, { expires_at }] of used_jtis.each()) clients.push([key, expires_at])
  await Promise.all(findForgotten(ctx, clients).map((key) => used_jtis.delete(key)))
}

function findForgotten({ now, snapshot }: Context, all: readonly Expiry[]): readonly string[] {
  const optional = snapshot.rules.bounded_assertions ? 0 : Math.ceil(all.length * FORGOTTEN)
  return [...all]
    .sort(([, one], [, other]) => one - other)
    .filter(([, expires_at], index) => expires_at <= now || index < optional)
    .map(([key]) => key)
}
