/** Proof Key for Code Exchange: challenges and verifiers. RFC 7636. */
import t from 'tap'
import { readParams } from '../../src/oauth/params.js'
import { readCodeChallenge, verifyCodeVerifier } from '../../src/oauth/pkce.js'

// RFC 7636, Appendix B.
const VERIFIER = 'dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk'
const S256 = 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM'
const LONGEST = 'a'.repeat(128)

const READ: [string, Record<string, string>, object | undefined][] = [
  ['§4.3: no challenge', {}, undefined],
  ['§4.3: S256', { code_challenge: S256, code_challenge_method: 'S256' }, { code_challenge_method: 'S256' }],
  ['§4.3: plain', { code_challenge: S256, code_challenge_method: 'plain' }, { code_challenge_method: 'plain' }],
  ['§4.3: plain is the default', { code_challenge: VERIFIER }, { code_challenge_method: 'plain' }],
  ['§4.2: up to 128 characters', { code_challenge: LONGEST }, { code_challenge: LONGEST }],
]

for (const [title, params, expected] of READ) {
  t.test(`RFC 7636 ${title}`, async (t) => {
    const found = readCodeChallenge(readParams(params))
    if (expected === undefined) t.equal(found, undefined)
    else t.match(found, { code_challenge: params.code_challenge, ...expected })
  })
}

const REFUSED: [string, Record<string, string>, RegExp][] = [
  ['§4.3: a method without a challenge', { code_challenge_method: 'S256' }, /^code_challenge is missing, .* S256$/],
  ['§4.4.1: an unknown method', { code_challenge: S256, code_challenge_method: 's256' }, /transform algorithm not sup/],
  [
    '§4.4.1: the name of an object member as method',
    { code_challenge: S256, code_challenge_method: 'toString' },
    /is toString: transf/,
  ],
  ['§4.2: 42 characters', { code_challenge: 'a'.repeat(42) }, /^code_challenge has 42 characters, expected 43 to 128/],
  ['§4.2: 129 characters', { code_challenge: 'a'.repeat(129) }, /expected 43 to 128/],
  ['§4.2: base64 instead of base64url', { code_challenge: S256.replace('-', '+') }, /expected 43 to 128/],
  ['§4.2: padding', { code_challenge: `${S256}=` }, /expected 43 to 128/],
  ['§4.2: a line break at the end', { code_challenge: `${S256}\n` }, /expected 43 to 128/],
]

for (const [title, params, message] of REFUSED) {
  t.test(`RFC 7636 ${title} is refused`, async (t) => {
    t.throws(() => readCodeChallenge(readParams(params)), { error: 'invalid_request', message })
  })
}

const plain = { code_challenge: VERIFIER, code_challenge_method: 'plain' } as const
const hashed = { code_challenge: S256, code_challenge_method: 'S256' } as const

t.test('RFC 7636 §4.6: the right verifier passes', async (t) => {
  t.doesNotThrow(() => verifyCodeVerifier(VERIFIER, hashed))
  t.doesNotThrow(() => verifyCodeVerifier(VERIFIER, plain))
  t.doesNotThrow(() => verifyCodeVerifier(VERIFIER, { code_challenge: VERIFIER }), 'plain is the default')
  t.doesNotThrow(() => verifyCodeVerifier(undefined, {}), 'without PKCE')
})

const WRONG: [string, string | undefined, Parameters<typeof verifyCodeVerifier>[1], RegExp][] = [
  [
    '§4.6: another verifier for S256',
    LONGEST,
    hashed,
    new RegExp(`has the S256 code_challenge aDbPE.*, expected ${S256} of`),
  ],
  ['§4.6: another verifier for plain', LONGEST, plain, /^code_verifier is wrong, expected the plain code_challenge/],
  ['§4.6: the challenge itself for S256', S256, hashed, /has the S256 code_challenge/],
  ['§4.6: no verifier', undefined, hashed, /^code_verifier is missing/],
  ['§4.1: a short verifier', 'abc', hashed, /has 3 characters, expected 43 to 128/],
  ['§4.1: a verifier with other characters', `${VERIFIER} `, hashed, /expected 43 to 128/],
  ['RFC 9700 §2.1.1: a verifier without a challenge', VERIFIER, {}, /had no code_challenge$/],
]

for (const [title, verifier, expected, message] of WRONG) {
  t.test(`${title.startsWith('RFC') ? '' : 'RFC 7636 '}${title} is refused`, async (t) => {
    t.throws(() => verifyCodeVerifier(verifier, expected), { error: 'invalid_grant', message })
  })
}

t.test('no description shows a plain challenge, because it is the verifier', async (t) => {
  for (const verifier of [undefined, LONGEST]) {
    t.throws(() => verifyCodeVerifier(verifier, plain), { message: new RegExp(`^(?!.*${VERIFIER})(?!.*${LONGEST})`) })
  }
})
