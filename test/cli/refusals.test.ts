/** The command line and environment values that the command refuses, and its messages. */
import { mkdirSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { test } from 'tap'
import { write } from './effects.js'
import { refused, run, SEE_HELP } from './program.js'

test('a wrong command line or environment ends with code 2 and a message per problem', async (t) => {
  const cases: [string[], Record<string, string>, (string | RegExp)[]][] = [
    [['--bogus'], {}, ["error: unknown option '--bogus'", SEE_HELP]],
    [['--require-nonse'], {}, ["error: unknown option '--require-nonse'", '(Did you mean --require-nonce?)', SEE_HELP]],
    [['--port'], {}, ["error: option '-p, --port <N>' argument missing", SEE_HELP]],
    [
      ['config.yaml'],
      {},
      ["error: unknown command 'config.yaml'; to use it as a configuration file, write --config config.yaml", SEE_HELP],
    ],
    [
      ['./none'],
      {},
      ["error: unknown command './none'; to use it as a configuration file, write --config ./none", SEE_HELP],
    ],
    [['docs'], {}, ["error: unknown command 'docs'; to use it as a configuration file, write --config docs", SEE_HELP]],
    [['help'], {}, ["error: unknown command 'help'; did you mean --help?", SEE_HELP]],
    [
      ['start'],
      {},
      [
        "error: unknown command 'start'; expected one of validate, healthcheck, doctor, completion, or no command to start the provider",
        SEE_HELP,
      ],
    ],
    [['-c', ''], {}, ['--config is empty, expected the name of a file or folder']],
    [
      ['--config-dir=', '--user-claims-file='],
      {},
      [
        '--user-claims-file is empty, expected the name of a file or folder',
        '--config-dir is empty, expected the name of a file or folder',
      ],
    ],
    [['validat', 'x'], {}, ["error: unknown command 'validat'; did you mean validate?", SEE_HELP]],
    [['helthcheck'], {}, ["error: unknown command 'helthcheck'; did you mean healthcheck?", SEE_HELP]],
    [['completion'], {}, ["error: missing required argument 'SHELL'", SEE_HELP]],
    [
      ['completion', 'tcsh'],
      {},
      [
        "error: command-argument value 'tcsh' is invalid for argument 'SHELL'. Allowed choices are bash, zsh, fish.",
        SEE_HELP,
      ],
    ],
    [
      ['-q', '-v', '--log-level', 'info'],
      {},
      [
        '--verbose sets the log level, and --quiet sets it too; give one of them',
        '--log-level sets the log level, and --quiet sets it too; give one of them',
      ],
    ],
    [
      [],
      { OIDC_PROVIDER_MOCK_QUIET: '1', OIDC_PROVIDER_MOCK_LOG_LEVEL: 'info' },
      ['OIDC_PROVIDER_MOCK_LOG_LEVEL sets the log level, and OIDC_PROVIDER_MOCK_QUIET sets it too; give one of them'],
    ],
    [['--port', 'http'], {}, ['--port is the text "http", expected a whole number']],
    [['--port', '70000'], {}, ['--port is 70000, expected at most 65535']],
    [['--port=-1'], {}, ['--port is -1, expected at least 0']],
    [[], { OIDC_PROVIDER_MOCK_PORT: 'x' }, ['OIDC_PROVIDER_MOCK_PORT is the text "x", expected a whole number']],
    [['--require-nonce=maybe'], {}, ['--require-nonce is "maybe", expected true or false']],
    [
      [],
      { OIDC_PROVIDER_MOCK_REQUIRE_PKCE: 'si' },
      ['OIDC_PROVIDER_MOCK_REQUIRE_PKCE is "si", expected true or false'],
    ],
    [['-e', '0'], {}, [/^--token-max-age is 0, expected /]],
    [['-e', '-5'], {}, [/^--token-max-age is -5, expected /]],
    [
      ['-e', 'soon'],
      {},
      ['--token-max-age is "soon", expected seconds (1 or more) or a duration such as 15m, 1h, 30d'],
    ],
    [['--user', ''], {}, [/^--user is empty, expected at least 1 character/]],
    [
      ['--user-claims', '{'],
      {},
      [/^--user-claims is a text of 1 character \(not shown\), expected a JSON object of claims/],
    ],
    [['--user-claims', '[]'], {}, ['--user-claims must be a JSON object of claims such as {"sub": "alice"}']],
    [['--user-claims', '{"name":"A"}'], {}, ['--user-claims must have a "sub": {"sub": "alice", …}']],
    [['--user-claims', '{"sub":5}'], {}, ['--user-claims /users/0/sub is the number 5, expected a text; write "5"']],
    [['--issuer', 'id.example'], {}, [/^--issuer is "id.example", expected .*http/]],
    [['--log-level', 'loud'], {}, [/^--log-level is "loud", expected one of trace, .*silent$/]],
    [['--log-format', 'xml'], {}, ['--log-format is "xml", expected one of auto, pretty, json']],
    [
      ['--keep-key-in', '/nowhere/at/all'],
      {},
      [/^--keep-key-in names \/nowhere\/at\/all, but the folder \/nowhere\/at does not exist/],
    ],
    [
      ['--port', 'x', '--require-nonce=maybe', '--require-pkce=maybe'],
      {},
      ['--require-nonce is "maybe", expected true or false', '--require-pkce is "maybe", expected true or false'],
    ],
  ]
  for (const [args, env, lines] of cases) {
    const title = [...Object.entries(env).map((pair) => pair.join('=')), ...args].join(' ')
    t.test(title, async (t) => refused(t, await run(args, env), lines))
  }
})

test('an unusable file ends with code 2 and names file and place', async (t) => {
  const folder = t.testdir({})
  mkdirSync(join(folder, 'folder'))
  symlinkSync('loop', join(folder, 'loop'))
  const cases: [string, string, (string | RegExp)[]][] = [
    ['--config', 'missing.yaml', [/missing\.yaml does not exist$/]],
    [
      '--config',
      'folder',
      [
        /folder is a folder, expected a file; Docker creates an empty folder if the file to mount does not exist on the host$/,
      ],
    ],
    ['--config', 'loop', [/loop .*ELOOP/]],
    ['--config', write(folder, 'empty.yaml', ''), [/empty\.yaml is empty, expected a configuration/]],
    [
      '--config',
      write(folder, 'broken.yaml', 'users:\n  - sub: "alice\n'),
      [
        /broken\.yaml:2:10 a text in quotes begins here and does not end; write " after it$/,
        /- sub: "alice$/,
        /^ +\^$/,
      ],
    ],
    [
      '--config',
      write(folder, 'broken.json', '{ "users": [] '),
      [/broken\.json:1:15 a { before this has no }; write } where it ends$/, /{ "users": \[\] ?$/, /^ +\^$/],
    ],
    [
      '--config',
      write(folder, 'scalar.yaml', 'hello\n'),
      [/scalar\.yaml:1:1 is a text of \d+ characters \(not shown\), expected a configuration /],
    ],
    [
      '--config',
      write(folder, 'typos.yaml', 'require_nonse: true\nusers:\n  - name: Alice\n'),
      [
        /typos\.yaml:1:1 \/require_nonse is not a known key; did you mean require_nonce\?$/,
        /typos\.yaml:3:5 \/users\/0 .*sub/,
        /typos\.yaml:3:5 \/users\/0\/name is not a known key/,
      ],
    ],
    ['--user-claims-file', 'missing.json', [/missing\.json does not exist$/]],
    [
      '--user-claims-file',
      write(folder, 'no-list.yaml', 'sub: alice\n'),
      [/no-list\.yaml:1:1 is an object, expected a list of users/],
    ],
    ['--user-claims-file', write(folder, 'no-sub.yaml', '- sub: a\n- name: B\n'), [/no-sub\.yaml:2:3 \/1 .*sub/]],
    [
      '--user-claims-file',
      write(folder, 'broken-list.json', '[{"sub": "a"}'),
      [/broken-list\.json:1:14 a \[ before this has no \]; write \] where it ends$/, /\[{"sub": "a"}$/, /^ +\^$/],
    ],
  ]
  for (const [flag, file, lines] of cases) {
    t.test(`${flag} ${file.slice(file.lastIndexOf('/') + 1)}`, async (t) => {
      refused(t, await run([flag, file.startsWith('/') ? file : join(folder, file)]), lines)
    })
  }
})

test('a port in use ends with code 2 and advice', async (t) => {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as { port: number }
  refused(t, await run(['--port', String(port)]), [
    `cannot listen on 127.0.0.1, port ${port}: another program uses this port; stop it, or choose another port with --port (0 picks a free one)`,
  ])
})

test('an address of another machine ends with code 2', async (t) => {
  // RFC 5737: no machine has an address of 192.0.2.0/24.
  refused(t, await run(['--host', '192.0.2.1', '--port', '0']), [
    'cannot listen on 192.0.2.1, port 0: this machine has no such address; use 127.0.0.1, or 0.0.0.0 for all of its addresses',
  ])
})

test('a host with a scheme, a port or one bracket ends with code 2 and advice', async (t) => {
  for (const host of ['http://localhost', 'localhost:9400', '[::1']) {
    refused(t, await run(['--host', host, '--port', '0']), [
      `cannot listen on ${host}, port 0: this is no address, expected one without scheme and port, such as localhost or ::1; set the port with --port`,
    ])
  }
})
