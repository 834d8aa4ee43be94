/** The annotations of the schema. */
import t from 'tap'
import { isSecret, needsRestart } from '../../src/config/annotations.js'
import { readSchema } from '../../src/config/schema.js'

t.test('x-secret covers a value and its parts, at any index or name', (t) => {
  for (const path of [
    'pairwise_salt',
    'server.admin_token',
    'registration.initial_access_token',
    'clients.0.client_secret',
    'keys.1.pem',
    'keys.0.jwk',
    'keys.0.jwk.d',
    'encryption_keys.0.jwk',
    'users.7.claim_sources.bank.access_token',
  ]) {
    t.ok(isSecret(path.split('.')), path)
  }
  for (const path of ['server', 'keys.0', 'lifetimes.access_token', 'users.0.access_token', 'client_secret']) {
    t.notOk(isSecret(path.split('.')), path)
  }
  t.end()
})

t.test('x-restart covers a key, not its members', (t) => {
  for (const path of ['server.port', 'server.tls', 'log.format']) t.ok(needsRestart(path.split('.')), path)
  for (const path of ['server', 'server.tls.cert', 'log.level']) t.notOk(needsRestart(path.split('.')), path)
  t.end()
})

t.test('a description says that a key takes effect at the next start if the key has x-restart', (t) => {
  const check = (node: unknown) => {
    if (typeof node !== 'object' || node === null) return
    const { description, 'x-restart': restart } = node as { description?: unknown; 'x-restart'?: unknown }
    if (typeof description === 'string') {
      t.equal(/takes effect at the next start\.$/i.test(description), restart === true, description)
    }
    for (const inner of Object.values(node)) check(inner)
  }
  check(readSchema())
  t.end()
})
