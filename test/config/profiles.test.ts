/** Profiles and the rules that they switch on. */
import t from 'tap'
import { PROFILES } from '../../src/config/profiles.js'
import { readSchema } from '../../src/config/schema.js'
import { RULES } from '../../src/generated/values.js'
import { load, problemsOf } from './loading.js'

interface Schema {
  readonly properties: {
    readonly profile: { readonly enum: string[] }
    readonly rules: { readonly properties: Record<string, { type: string }> }
  }
}

t.test('every rule of the schema is a boolean', async (t) => {
  const { properties } = (readSchema() as unknown as Schema).properties.rules
  for (const [rule, { type }] of Object.entries(properties)) t.equal(type, 'boolean', rule)
})

t.test('the schema has the profiles of the table', async (t) => {
  t.strictSame((readSchema() as unknown as Schema).properties.profile.enum, Object.keys(PROFILES))
})

const all = (value: boolean) => Object.fromEntries(RULES.map((rule) => [rule, value]))

t.test('each profile switches its rules on', async (t) => {
  t.strictSame((await load(t, '{}')).rules, all(false))
  t.strictSame((await load(t, 'profile: lenient')).rules, all(false))
  t.strictSame((await load(t, 'profile: strict')).rules, all(true))
})

t.test('`rules` takes precedence over the profile', async (t) => {
  for (const rule of RULES) {
    t.strictSame((await load(t, `rules: { ${rule}: true }`)).rules, { ...all(false), [rule]: true })
    const without = await load(t, `profile: strict\nrules: { ${rule}: false }`)
    t.strictSame(without.rules, { ...all(true), [rule]: false })
  }
})

t.test('require_registration switches registered_clients on; `rules` takes precedence', async (t) => {
  const rules = async (text: string) => (await load(t, text)).rules.registered_clients
  t.equal(await rules('require_registration: true'), true)
  t.equal(await rules('require_registration: true\nrules: { registered_clients: false }'), false)
  t.equal(await rules('profile: strict\nrequire_registration: false'), true)
})

t.test('an unknown rule or profile is refused with a suggestion', async (t) => {
  t.strictSame(await problemsOf(t, 'rules: { exact_redirect_uri: true }'), [
    'config.yaml:1:10 /rules/exact_redirect_uri is not a known key; did you mean exact_redirect_uris?',
  ])
  t.match(await problemsOf(t, 'profile: strikt'), [
    /^config.yaml:1:10 \/profile is "strikt", expected one of lenient, strict; did you mean strict/,
  ])
})

t.test('reuse_interval takes precedence over the profile', async (t) => {
  const interval = async (text: string) => (await load(t, text)).reuse_interval
  t.equal(await interval('{}'), 10)
  t.equal(await interval('profile: strict'), 0)
  t.equal(await interval('refresh_token: { reuse_interval: 0s }'), 0)
  t.equal(await interval('profile: strict\nrefresh_token: { reuse_interval: 1m }'), 60)
})

t.test('single_sign_on takes precedence over the profile', async (t) => {
  const remembers = async (text: string) => (await load(t, text)).single_sign_on
  t.equal(await remembers('{}'), false)
  t.equal(await remembers('profile: strict'), true)
  t.equal(await remembers('sessions: { single_sign_on: true }'), true)
  t.equal(await remembers('profile: strict\nsessions: { single_sign_on: false }'), false)
})
