/** The scripts by which shells complete the command line. */
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'tap'
import { SHELLS } from '../../src/cli/completion.js'
import { FLAGS, nameOf } from '../../src/cli/flags.js'
import { missing } from '../examples/programs.js'
import { write } from './effects.js'
import { run } from './program.js'

async function scriptFor(shell: string): Promise<string> {
  const { code, stdout, stderr } = await run(['completion', shell])
  if (code !== 0) throw new Error(stderr)
  return stdout
}

test('each script has every flag and every subcommand', async (t) => {
  for (const shell of SHELLS) {
    const script = await scriptFor(shell)
    const names = FLAGS.map((flag) => (shell === 'fish' ? `-l ${nameOf(flag).slice(2)} ` : nameOf(flag)))
    for (const name of [...names, 'validate', 'healthcheck', 'doctor', 'completion']) t.match(script, name, shell)
    t.notMatch(script, /undefined|OIDC_PROVIDER_MOCK_/)
  }
})

/** A command line, of which the last word is completed, and some of the completions. */
const CASES: readonly [string[], string[], string[]][] = [
  [['--requ'], ['--require-nonce', '--require-pkce', '--require-registration'], ['--port']],
  [['v'], ['validate'], ['doctor', '--profile']],
  [
    ['--profile', ''],
    ['lenient', 'strict'],
    ['validate', '--port'],
  ],
  [['--preset', 'en'], ['entra'], ['keycloak']],
  [['--port', '9400', 'doc'], ['doctor'], ['validate']],
  [['doctor', '--'], ['--ca', '--insecure', '--format'], ['--port']],
  [['doctor', '--format', ''], ['text', 'json'], []],
  [['completion', ''], ['bash', 'zsh', 'fish'], ['validate']],
  [['--config', 'con'], ['config.yaml'], ['--config']],
  [['-c', 'con'], ['config.yaml'], []],
  [['--config-dir', ''], ['folder'], ['config.yaml']],
  [['validate', 'con'], ['config.yaml'], []],
  [['validate', '--'], ['--format'], ['--port']],
]

const FILES = { work: { 'config.yaml': '', folder: {} } }

test('bash completes', { skip: missing('bash') }, async (t) => {
  const script = write(t.testdir(FILES), 'completion', await scriptFor('bash'))
  const cwd = join(t.testdirName, 'work')
  const program = `source ${script}; COMP_WORDS=(oidc-provider-mock "$@"); COMP_CWORD=$#; _oidc_provider_mock; printf '%s\\n' "\${COMPREPLY[@]}"`
  const complete = (words: readonly string[]) =>
    spawnSync('bash', ['--norc', '-c', program, 'bash', ...words], { cwd, encoding: 'utf8' })
  for (const [words, found, others] of CASES) {
    const { stdout, stderr } = complete(words)
    t.equal(stderr, '', words.join(' '))
    const lines = stdout.split('\n')
    for (const each of found) t.ok(lines.includes(each), `${words.join(' ')} has ${each}`)
    for (const each of others) t.notOk(lines.includes(each), `${words.join(' ')} has no ${each}`)
  }
  t.equal(complete(['--profile', '=', 'st']).stdout, 'strict\n', 'bash splits --profile=st')
  t.equal(complete(['--profile', '=']).stdout, 'lenient\nstrict\n')
  t.equal(complete(['--port', '']).stdout, '\n', 'a number has no completion')
  const registered = spawnSync('bash', ['--norc', '-c', `source ${script}; complete -p oidc-provider-mock`])
  t.match(registered.stdout.toString(), '-F _oidc_provider_mock oidc-provider-mock')
})

test('fish completes', { skip: missing('fish') }, async (t) => {
  const script = write(t.testdir(FILES), 'completion', await scriptFor('fish'))
  const cwd = join(t.testdirName, 'work')
  for (const [words, found, others] of CASES) {
    const line = ['oidc-provider-mock', ...words].join(' ')
    const command = `source ${script}; complete -C '${line}'`
    const { stdout, stderr } = spawnSync('fish', ['--no-config', '-c', command], { cwd, encoding: 'utf8' })
    t.equal(stderr, '')
    const lines = stdout.split('\n').map((each) => each.split('\t')[0]!.replace(/\/$/, ''))
    for (const each of found) t.ok(lines.includes(each), `${line} has ${each}`)
    for (const each of others) t.notOk(lines.includes(each), `${line} has no ${each}`)
  }
})

test('zsh loads the script', { skip: missing('zsh') }, async (t) => {
  const script = write(t.testdir({}), 'completion', await scriptFor('zsh'))
  const command = `autoload -Uz compinit; compinit -D -u; source ${script}; print $_comps[oidc-provider-mock] $+functions[_oidc_provider_mock]`
  const { stdout, stderr } = spawnSync('zsh', ['-f', '-c', command], { encoding: 'utf8' })
  t.strictSame([stdout, stderr], ['_oidc_provider_mock 1\n', ''])
})
