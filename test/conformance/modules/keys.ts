/** Key rotation of the provider and of the client. OpenID Connect Core §10.1.1. */
import { decodeProtectedHeader } from 'jose'
import { hasCode } from '../plan.js'
import { RelyingParty } from '../relying_party.js'
import { readJwks } from '../verify.js'
import { createClientKey, publishJson } from '../world.js'
import type { Module } from './module.js'

const REGISTRATION = 'OpenID Connect Registration §2'
const CORE = 'OpenID Connect Core'

export const keys: readonly Module[] = [
  {
    name: 'registration-jwks-uri',
    section: REGISTRATION,
    rule: "a client's keys are fetched from its jwks_uri",
    applies: hasCode,
    async run(rp) {
      const { t, world } = rp
      const jwks_uri = publishJson(world, { keys: [world.key.jwk] })
      await rp.logIn(await rp.register({ jwks_uri }))
      t.ok(
        world.site.requests.some(({ url }) => world.site.url + url === jwks_uri),
        'the document was fetched',
      )
    },
  },
  {
    name: 'server-rotate-keys',
    section: `${CORE} §10.1.1`,
    rule: 'after a rotation, a new key with a new kid signs, and the old key is still published',
    async run(rp) {
      const { t, world } = rp
      const client = await rp.register()
      const kidOf = ({ id_token }: { id_token: string }) => decodeProtectedHeader(id_token).kid
      const kids = async () => (await readJwks(t, world)).keys.filter(({ use }) => use === 'sig').map(({ kid }) => kid)
      const [before, first] = [await kids(), await rp.logIn(client)]
      const rotated = await world.fetch(`${world.issuer}/admin/keys/rotate`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"mode":"abrupt"}',
      })
      t.equal(rotated.status, 200)
      const [after, second] = [await kids(), await rp.logIn(client)]
      t.ok(
        before.every((kid) => after.includes(kid)),
        'the old keys are still published',
      )
      t.ok(after.length > before.length, 'there are new keys')
      t.not(kidOf(second), kidOf(first), 'a new key signs')
      t.notOk(before.includes(kidOf(second)), 'its kid was not used before')
    },
  },
  {
    name: 'refresh-token-rp-key-rotation',
    section: `${CORE} §10.1.1`,
    rule: "a client's new key is fetched when it signs for the first time",
    applies: hasCode,
    async run(rp) {
      const { t, world } = rp
      const key = await createClientKey('one')
      const jwks_uri = publishJson(world, { keys: [key.jwk] })
      const client = await rp.register({ jwks_uri })
      const keyed = new RelyingParty(t, { ...world, key }, rp.plan)
      const { tokens } = await keyed.logIn(client, {
        parameters: { scope: 'openid offline_access', prompt: 'consent' },
      })
      const next = await createClientKey('two')
      const body = JSON.stringify({ keys: [next.jwk] })
      world.site.documents.set(new URL(jwks_uri).pathname, { type: 'application/json', body })
      t.ok(tokens.refresh_token, 'a refresh token was issued')
      const form = { grant_type: 'refresh_token', refresh_token: String(tokens.refresh_token) }
      await rp.readTokens(await rp.callToken(client, form, { key: next }))
    },
  },
]
