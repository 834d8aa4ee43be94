/** Door for faults that replace the signing keys right before or after they sign. OpenID Connect Core §10.1.1: https://openid.net/specs/openid-connect-core-1_0.html#RotateSigKeys */
import type { Context } from '../../context.js'
import type { FaultAt } from '../catalogue.js'
import { findFault } from './find.js'
import type { About } from './jwt.js'

/** Time of the rotation by fault. */
const ROTATIONS: Readonly<Record<FaultAt<'signing_keys'>, 'before' | 'after'>> = {
  'jwks.rotated_before_signing': 'before',
  'jwks.rotated': 'after',
}

/** Signs tokens that are sent together, and rotates the keys if a fault happens. */
export async function signWithRotation<T>(ctx: Context, about: About, sign: () => Promise<T>): Promise<T> {
  const rule = await findFault(ctx, 'signing_keys', { facts: about })
  const when = rule && ROTATIONS[rule.fault]
  if (when === 'before') await rotate(ctx, { publish_ahead: 0, withdraw: true })
  const signed = await sign()
  if (when === 'after') await rotate(ctx, { publish_ahead: 0 })
  return signed
}

async function rotate(ctx: Context, rotation: Parameters<Context['keys']['rotate']>[0]): Promise<void> {
  if ((await ctx.keys.rotate(rotation)) !== undefined) return
  ctx.remark('decision', 'the keys do not rotate, although a fault says so: too many rotations are pending')
}
