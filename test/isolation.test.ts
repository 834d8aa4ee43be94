/** Hundreds of parallel workers on one provider, each with a separate issuer: no interference and bounded memory. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createLocalJWKSet, type JSONWebKeySet, jwtVerify } from 'jose'
import { type Test, test } from 'tap'
import { type Handle, type Provider, type StartOptions, startProvider } from '../src/index.js'

const WORKERS = 300
const REDIRECT_URI = 'http://localhost:8000/callback'
const START = 1_893_456_000

async function start(t: Test, options: StartOptions = {}): Promise<Provider> {
  const provider = await startProvider({ port: 0, keys: [{ alg: 'ES256' }], log: { level: 'silent' }, ...options })
  t.teardown(() => provider.close())
  return provider
}

interface TokenAnswer {
  readonly id_token: string
  readonly access_token: string
}

/** Logs in over sockets: authorization, token, userinfo. */
async function logIn({ issuer }: Handle, sub: string) {
  const query = { client_id: 'app', redirect_uri: REDIRECT_URI, response_type: 'code', scope: 'openid profile' }
  const answer = await fetch(`${issuer}/oauth2/authorize?${new URLSearchParams(query)}`, {
    method: 'POST',
    body: new URLSearchParams({ sub }),
    redirect: 'manual',
  })
  const code = new URL(answer.headers.get('location') ?? '').searchParams.get('code') ?? ''
  const form = { grant_type: 'authorization_code', client_id: 'app', redirect_uri: REDIRECT_URI, code }
  const token = await fetch(`${issuer}/oauth2/token`, { method: 'POST', body: new URLSearchParams(form) })
  const body = token.status === 200 ? ((await token.json()) as TokenAnswer) : undefined
  return { status: token.status, body: body ?? { id_token: '', access_token: '' } }
}

/** Odd workers have an expired ID token at their second login, even ones a token endpoint that is down once. */
const faultOf = (number: number) =>
  number % 2 === 1
    ? ({ fault: 'id_token.expired', after: 1, times: 1 } as const)
    : ({ fault: 'http.status', status: 503, match: { endpoint: 'token' }, after: 1, times: 1 } as const)

/** Runs one worker. Returns its problems as sentences. */
async function work(provider: Provider, number: number): Promise<string[]> {
  const worker = provider.isolated(`worker-${number}`)
  const sub = `user-${number}`
  const now = START + number * 1000
  const problems: string[] = []
  const hold = (met: boolean, what: string) => void (met || problems.push(`worker ${number}: ${what}`))
  await worker.clock.freeze(now)
  await worker.users.put(sub, { claims: { name: `Number ${number}` } })
  await worker.faults.add(faultOf(number))

  const first = await logIn(worker, sub)
  const keys = createLocalJWKSet((await (await fetch(`${worker.issuer}/jwks`)).json()) as JSONWebKeySet)
  const options = { issuer: worker.issuer, audience: 'app', currentDate: new Date(now * 1000) }
  const { payload } = await jwtVerify(first.body.id_token, keys, options)
  hold(payload.sub === sub && payload.iat === now, `the ID token says ${payload.sub} at ${payload.iat}`)
  const authorization = `Bearer ${first.body.access_token}`
  const userinfo = (await (await fetch(`${worker.issuer}/userinfo`, { headers: { authorization } })).json()) as object
  hold(JSON.stringify(userinfo).includes(`"Number ${number}"`), `userinfo says ${JSON.stringify(userinfo)}`)

  const second = await logIn(worker, sub)
  const expired =
    second.status === 200 && (await jwtVerify(second.body.id_token, keys, options).catch(({ code }) => code))
  hold(number % 2 === 1 ? expired === 'ERR_JWT_EXPIRED' : second.status === 503, `the fault brought ${second.status}`)
  const neighbour = provider.isolated(`worker-${(number + 1) % WORKERS}`)
  const elsewhere = await fetch(`${neighbour.issuer}/userinfo`, { headers: { authorization } })
  hold(elsewhere.status === 401, `a neighbour takes the token with ${elsewhere.status}`)

  const users = (await worker.users.list()).map((user) => user.sub)
  hold(users.join() === `alice,${sub}`, `there are users ${users}`)
  const [rule, ...others] = await worker.faults.list()
  hold(
    others.length === 0 && rule?.hits === 1,
    `its fault hit ${rule?.hits} times, and there are ${others.length} more`,
  )
  hold((await worker.clock.now()).now === now, 'its clock was moved')
  const strangers = (await worker.journal.list()).filter((entry) => (entry.sub ?? sub) !== sub)
  hold(strangers.length === 0, `its journal has entries of ${strangers.map((entry) => entry.sub)}`)
  return problems
}

test(`${WORKERS} workers in parallel, each with its own users, faults and frozen clock, do not affect each other`, async (t) => {
  const provider = await start(t, { users: [{ sub: 'alice' }], server: { max_issuers: WORKERS } })
  const problems = await Promise.all(Array.from({ length: WORKERS }, (_, number) => work(provider, number)))
  t.strictSame(problems.flat(), [])
  t.strictSame(
    (await provider.users.list()).map(({ sub }) => sub),
    ['alice'],
  )
  t.strictSame(await provider.faults.list(), [], 'nor does the default issuer know of them')
  t.strictSame(await provider.journal.list(), [])
  t.equal((await provider.clock.now()).ahead, 0)
})

test('max_issuers bounds the issuers: the least recently used one is dropped', async (t) => {
  const provider = await start(t, { server: { max_issuers: 3 } })
  const names = ['one', 'two', 'three', 'four']
  for (const name of names) await provider.isolated(name).users.put(name)
  // A request uses its issuer, so the newest come first.
  const counts: number[] = []
  for (const name of names.toReversed()) counts.push((await provider.isolated(name).users.list()).length)
  t.strictSame(counts, [1, 1, 1, 0])
})

/** Leaves some 200 kB and the records of a login at an issuer. */
async function leaveTraces(worker: Handle, sub: string): Promise<void> {
  await worker.users.put(sub, { claims: { note: `${sub} `.repeat(20_000) } })
  await logIn(worker, sub)
}

/** Returns the size of the heap after a garbage collection. */
function heapUsed(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  for (let times = 0; times < 3; times++) collect()
  return process.memoryUsage().heapUsed
}

test('memory is bounded: ten times as many workers as max_issuers need no more of it', async (t) => {
  const max_issuers = 30
  const provider = await start(t, { server: { max_issuers } })
  let count = 0
  const fill = async (rounds: number) => {
    for (let round = 0; round < rounds; round++) {
      const subs = Array.from({ length: max_issuers }, () => `user-${100_000 + count++}`)
      await Promise.all(subs.map((sub) => leaveTraces(provider.isolated(sub), sub)))
    }
  }
  // The first rounds compile the code and fill what exists once.
  await fill(2)
  const before = heapUsed()
  await fill(10)
  const after = heapUsed()
  // Without the bound, these would have doubled the heap.
  t.ok(after < before * 1.4, `the heap was ${before} bytes before, and is ${after} after`)
})
