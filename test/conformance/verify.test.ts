/** Tests that the checks of responses can fail. */
import t, { Test } from 'tap'
import { entropyOf, verifyClaims, verifyRefusal, verifyToken, verifyTokenMembers } from './verify.js'

/** Tells whether a check finds no violation. */
function passes(check: (t: Test) => void): boolean {
  const alone = new Test({ name: 'alone' }) as unknown as Test
  check(alone)
  return alone.passing()
}

const TOKEN = 'Rm9v-k3Zq_yT8wXbN1cLpVhD5sUeGa'
const TOKENS = { access_token: TOKEN, token_type: 'Bearer', expires_in: 3600, refresh_token: `${TOKEN}x` }
const REFUSAL = { error: 'invalid_grant', error_description: 'no such code' }

t.test('a random value must have 96 bits of entropy', async (t) => {
  t.equal(entropyOf('aaaaaaaa'), 0)
  t.equal(entropyOf('abcdefgh'), 24)
  t.ok(passes((t) => verifyToken(t, TOKEN, 'code')))
  for (const token of ['short', 'a'.repeat(100), `${TOKEN}\n`, undefined]) {
    t.notOk(
      passes((t) => verifyToken(t, token, 'code')),
      String(token),
    )
  }
})

t.test('each violation in a token response is found', async (t) => {
  t.ok(passes((t) => verifyTokenMembers(t, TOKENS)))
  const wrong = [
    { expires_in: '3600' },
    { expires_in: 0 },
    { expires_in: 40_000_000 },
    { token_type: 'MAC' },
    { refresh_token: 'guess' },
  ]
  for (const each of wrong)
    t.notOk(
      passes((t) => verifyTokenMembers(t, { ...TOKENS, ...each })),
      JSON.stringify(each),
    )
})

t.test('each violation in an error response is found', async (t) => {
  t.ok(passes((t) => verifyRefusal(t, REFUSAL, ['invalid_grant'])))
  const wrong = [
    { error: 'invalid_request' },
    { error_description: 'two\nlines' },
    { error_description: 'a "quote"' },
    { error_uri: 'nowhere' },
    { code: 'x' },
  ]
  for (const each of wrong) {
    t.notOk(
      passes((t) => verifyRefusal(t, { ...REFUSAL, ...each }, ['invalid_grant'])),
      JSON.stringify(each),
    )
  }
})

t.test('each violation in a claim is found', async (t) => {
  t.ok(passes((t) => verifyClaims(t, { sub: 'alice', email_verified: false, birthdate: '0000-02-03', anything: 0 })))
  const wrong = [
    { email: null },
    { email: '' },
    { name: ' ' },
    { name: 'null' },
    { email_verified: 'true' },
    { updated_at: '2024-01-01' },
    { address: 'Main Street' },
    { birthdate: '3.2.1990' },
  ]
  for (const each of wrong)
    t.notOk(
      passes((t) => verifyClaims(t, each)),
      JSON.stringify(each),
    )
})
