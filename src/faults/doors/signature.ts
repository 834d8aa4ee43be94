/** Faults of signatures and headers. RFC 7515 §4.1; RFC 8725 §2.1 for attacks on `alg`: https://www.rfc-editor.org/rfc/rfc8725 */
import { createPublicKey, KeyObject } from 'node:crypto'
import { generateKey } from '../../config/keys.js'
import type { Context } from '../../context.js'
import type { Alg } from '../../generated/types.js'
import { selectSigningKey } from '../../issuer/keys.js'
import { randomToken } from '../../random.js'
import { type Draft, draftJwt } from './draft.js'

export type DraftChange = (draft: Draft, ctx: Context) => Draft | Promise<Draft>

export const SIGNATURE = {
  bad_signature: async (draft, ctx) => ({ ...(await requireSigned(draft, ctx)), spoil: breakSignature }),
  // `typ` stays, so that only the signature is missing.
  alg_none: ({ header: { typ }, claims }) => ({ header: { alg: 'none', ...(typ !== undefined && { typ }) }, claims }),
  wrong_alg: signByAnotherAlg,
  hs256_with_public_key: async (draft, ctx) => {
    const { kid, publicJwk } = selectSigningKey(ctx.snapshot, await ctx.keys.signing(), draft.header.alg)
    const pem = createPublicKey({ key: publicJwk, format: 'jwk' }).export({ type: 'spki', format: 'pem' })
    return { ...draft, header: { ...draft.header, alg: 'HS256', kid }, key: Buffer.from(pem) }
  },
  missing_kid: ({ header: { kid: _, ...header }, ...draft }) => ({ ...draft, header }),
  unknown_kid: (draft) => ({ ...draft, header: { ...draft.header, kid: randomToken() } }),
  unpublished_key: async (unsigned, ctx) => {
    const draft = await requireSigned(unsigned, ctx)
    const { alg, kid } = draft.header
    // A JWT signed by the client_secret has no kid: another secret signs.
    if (kid === undefined) return { ...draft, key: Buffer.from(randomToken()) }
    return { ...draft, key: (await generateKey(alg as Alg)).privateKey }
  },
  malformed: (draft) => ({ ...draft, spoil: (jwt) => jwt.slice(0, jwt.lastIndexOf('.')) }),
} satisfies Record<string, DraftChange>

/** Returns the draft; if the client registered `none`, a draft that the default key signs. */
async function requireSigned(draft: Draft, ctx: Context): Promise<Draft> {
  if (draft.key !== undefined) return draft
  return draftJwt(selectSigningKey(ctx.snapshot, await ctx.keys.signing()), draft.header.typ, draft.claims)
}

async function signByAnotherAlg(draft: Draft, ctx: Context): Promise<Draft> {
  const { header, claims } = draft
  const other = (await ctx.keys.published()).find(({ alg }) => alg !== header.alg)
  if (other !== undefined) return draftJwt(other, header.typ, claims)
  // All published keys have the same algorithm.
  const { alg, privateKey } = selectSigningKey(ctx.snapshot, await ctx.keys.signing())
  if (privateKey.algorithm.name.startsWith('RSA')) {
    const another = alg === 'PS256' ? 'RS256' : 'PS256'
    return { ...draft, header: { ...header, alg: another }, key: KeyObject.from(privateKey) }
  }
  // RFC 7518 §3.4: the curve of an elliptic key decides on the algorithm.
  const another = await generateKey(alg === 'EdDSA' ? 'ES256' : 'EdDSA')
  ctx.remark('decision', `every published key is for ${alg}, so an unpublished key for ${another.alg} signs`)
  return { ...draft, header: { ...header, alg: another.alg }, key: another.privateKey }
}

function breakSignature(jwt: string): string {
  const start = jwt.lastIndexOf('.') + 1
  const bytes = Buffer.from(jwt.slice(start), 'base64url')
  bytes[0]! ^= 1
  return jwt.slice(0, start) + bytes.toString('base64url')
}
