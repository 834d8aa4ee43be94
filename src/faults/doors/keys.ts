/** Keys that change under a client's feet: right before or right after they sign. OpenID Connect Core §10.1.1: https://openid.net/specs/openid-connect-core-1_0.html#RotateSigKeys */
import type { Context } from '../../context.js'
import { findFault } from './find.js'
import type { About } from './jwt.js'

/** Each fault, and when it happens. */
export const FAULTY_KEYS = {
  'jwks.rotated_before_signing': 'before',
  'jwks.rotated': 'after',
} as const

const NAMES = Object.keys(FAULTY_KEYS) as (keyof typeof FAULTY_KEYS)[]

/** Has tokens signed that go out together, and keys rotate if a fault says so. */
export async function signAmidRotation<T>(ctx: Context, about: About, sign: () => Promise<T>): Promise<T> {
  const rule = await findFault(ctx, NAMES, about)
  const when = rule && FAULTY_KEYS[rule.fault]
  if (when === 'before') await rotate(ctx, { publish_ahead: 0, withdraw: true })
  const signed = await sign()
  if (when === 'after') await rotate(ctx, { publish_ahead: 0 })
  return signed
}

async function rotate(ctx: Context, rotation: Parameters<Context['rotateKeys']>[0]): Promise<void> {
  if ((await ctx.rotateKeys(rotation)) !== undefined) return
  ctx.remark('decision', 'the keys stay, though a fault has them rotate: too many wait for their turn')
}
