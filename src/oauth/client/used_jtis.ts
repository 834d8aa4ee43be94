/** The `jti` values of used client assertions. RFC 7523 §3 and OpenID Connect Core §9: an assertion is used once. */
import { createHash } from 'node:crypto'
import type { Context } from '../../context.js'
import { NEVER } from '../../store/collections.js'

/** The part of the records that a lenient provider forgets at once if there is no room. */
const FORGOTTEN = 0.1

/**
 * Stores the jti until its assertion expires.
 * @returns false if an earlier assertion that has not expired had the jti. Of two requests at once, only one gets true.
 */
export async function useJti(ctx: Context, client_id: string, jti: string, exp: number): Promise<boolean> {
  // The records stay until they expire, so their size must not depend on the client.
  const key = createHash('sha256')
    .update(JSON.stringify([client_id, jti]))
    .digest('base64url')
  const record = { expires_at: Math.min(exp, NEVER) }
  let isNew = false
  const use = () =>
    ctx.store.used_jtis.update(key, (before) => {
      isNew = before === undefined || before.expires_at <= ctx.now
      return isNew ? record : before
    })
  try {
    await use()
  } catch {
    await makeRoom(ctx)
    await use()
  }
  return isNew
}

/**
 * Forgets the values of expired assertions. If the rule is off, those that expire first are forgotten as well.
 * With the rule, a value of an assertion that can be used again is kept, and the store refuses the new one.
 */
async function makeRoom({ store: { used_jtis }, now, snapshot }: Context): Promise<void> {
  const all = [...(await used_jtis.list())].sort(([, one], [, other]) => one.expires_at - other.expires_at)
  const optional = snapshot.rules.bounded_assertions ? 0 : Math.ceil(all.length * FORGOTTEN)
  const forgotten = all.filter(([, { expires_at }], index) => expires_at <= now || index < optional)
  await Promise.all(forgotten.map(([key]) => used_jtis.delete(key)))
}
