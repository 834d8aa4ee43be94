/** The command `healthcheck`, as a container engine runs it. */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { run, serve } from './program.js'

test('healthcheck checks the provider that runs with the same flags, environment and files', async (t) => {
  const config_dir = t.testdir({})
  const { issuer, end } = await serve(t)
  const { port } = new URL(issuer)
  writeFileSync(
    join(config_dir, 'config.yaml'),
    `server: { port: ${port}, host: 0.0.0.0 }\nuser: a problem elsewhere\n`,
  )
  const ways: [string[], Record<string, string>][] = [
    [['healthcheck', '--port', port], {}],
    [['--port', port, 'healthcheck'], {}],
    [['healthcheck'], { OIDC_PROVIDER_MOCK_PORT: port, OIDC_PROVIDER_MOCK_HOST: '0.0.0.0' }],
    [['healthcheck', '--config-dir', config_dir], {}],
  ]
  const well = { code: 0, stdout: `http://127.0.0.1:${port}/healthz is healthy\n`, stderr: '' }
  const ask = () => Promise.all(ways.map(([args, env]) => run(args, env)))
  for (const ended of await ask()) t.match(ended, well)
  await end()
  const stderr = `http://127.0.0.1:${port}/healthz does not answer: connect ECONNREFUSED 127.0.0.1:${port}\n`
  for (const ended of await ask()) t.match(ended, { code: 1, stdout: '', stderr })
  t.match(await run(['healthcheck', '--port', 'x']), {
    code: 1,
    stdout: '',
    stderr: /^--port .*expected a whole number/,
  })
})
