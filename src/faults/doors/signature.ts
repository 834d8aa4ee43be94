/** Signatures and headers gone wrong. RFC 7515 §4.1, and RFC 8725 §2.1 for how algorithms get confused: https://www.rfc-editor.org/rfc/rfc8725 */
import { createPublicKey, KeyObject } from 'node:crypto'
import { generateKey } from '../../config/keys.js'
import type { Context } from '../../context.js'
import type { Alg } from '../../generated/types.js'
import { randomToken } from '../../random.js'
import { type Draft, draftJwt, requireSigningKey } from '../../tokens/jwt.js'

export type DraftChange = (draft: Draft, ctx: Context) => Draft | Promise<Draft>

export const SIGNATURE = {
  bad_signature: async (draft, ctx) => ({ ...(await signedOf(draft, ctx)), spoil: breakSignature }),
  // It keeps its `typ`, so that nothing but the signature is missing.
  alg_none: ({ header: { typ }, claims }) => ({ header: { alg: 'none', ...(typ !== undefined && { typ }) }, claims }),
  wrong_alg: signByAnother,
  hs256_with_public_key: async (draft, ctx) => {
    const { kid, publicJwk } = await requireSigningKey(ctx, draft.header.alg)
    const pem = createPublicKey({ key: publicJwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' })
    return { ...draft, header: { ...draft.header, alg: 'HS256', kid }, key: Buffer.from(pem) }
  },
  missing_kid: ({ header: { kid: _, ...header }, ...draft }) => ({ ...draft, header }),
  unknown_kid: (draft) => ({ ...draft, header: { ...draft.header, kid: randomToken() } }),
  unpublished_key: async (unsigned, ctx) => {
    const draft = await signedOf(unsigned, ctx)
    const { alg, kid } = draft.header
    // Where the client's secret signs, another secret does.
    if (kid === undefined) return { ...draft, key: Buffer.from(randomToken()) }
    return { ...draft, key: (await generateKey(alg as Alg)).privateKey }
  },
  malformed: (draft) => ({ ...draft, spoil: (jwt) => jwt.slice(0, jwt.lastIndexOf('.')) }),
} as const satisfies Record<string, DraftChange>

/** The draft, signed by the default key where the client registered `none`: there would be no signature to be bad. */
async function signedOf(draft: Draft, ctx: Context): Promise<Draft> {
  return draft.key === undefined ? draftJwt(await requireSigningKey(ctx), draft.header.typ, draft.claims) : draft
}

async function signByAnother(draft: Draft, ctx: Context): Promise<Draft> {
  const { header, claims } = draft
  const other = (await ctx.published_keys()).find(({ alg }) => alg !== header.alg)
  if (other !== undefined) return draftJwt(other, header.typ, claims)
  // All published keys are for the one algorithm.
  const { alg, privateKey } = await requireSigningKey(ctx)
  if (privateKey.algorithm.name.startsWith('RSA')) {
    const another = alg === 'PS256' ? 'RS256' : 'PS256'
    return { ...draft, header: { ...header, alg: another }, key: KeyObject.from(privateKey) }
  }
  // An elliptic key signs by its own algorithm and no other.
  const another = await generateKey(alg === 'EdDSA' ? 'ES256' : 'EdDSA')
  ctx.remark('decision', `no key but those for ${alg} is published, so one signs by ${another.alg} that is not`)
  return { ...draft, header: { ...header, alg: another.alg }, key: another.privateKey }
}

function breakSignature(jwt: string): string {
  const start = jwt.lastIndexOf('.') + 1
  const bytes = Buffer.from(jwt.slice(start), 'base64url')
  bytes[0]! ^= 1
  return jwt.slice(0, start) + bytes.toString('base64url')
}
