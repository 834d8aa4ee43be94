/** The text of problems. */
import t from 'tap'
import { ConfigError, formatProblem, pointer } from '../../src/config/errors.js'

const MESSAGE = 'is wrong'

t.equal(
  formatProblem({ file: 'config.yaml', line: 4, column: 19, path: '/clients/0/scope', message: MESSAGE }),
  'config.yaml:4:19 /clients/0/scope is wrong',
)
t.equal(formatProblem({ file: '--port', path: '/server/port', message: MESSAGE }), '--port /server/port is wrong')
t.equal(formatProblem({ file: 'config.yaml', path: '', message: MESSAGE }), 'config.yaml is wrong')
t.equal(pointer(['claims', 'https://example.com/a~b']), '/claims/https:~1~1example.com~1a~0b', 'RFC 6901 §3')

t.test('the message of the error has a line for each problem', async (t) => {
  const problems = [
    { file: 'a.yaml', line: 1, column: 2, path: '/x', message: 'is one' },
    { file: 'b.yaml', path: '', message: 'is two' },
  ]
  const error = new ConfigError(problems)
  t.equal(error.message, 'a.yaml:1:2 /x is one\nb.yaml is two')
  t.equal(error.name, 'ConfigError')
  t.strictSame(error.problems, problems)
})

t.test('at most 100 problems are listed, and the number of the others', async (t) => {
  const problems = Array.from({ length: 102 }, (_, line) => ({
    file: 'a.yaml',
    line,
    column: 1,
    path: '',
    message: MESSAGE,
  }))
  const { message } = new ConfigError(problems)
  t.equal(message.split('\n').length, 101)
  t.match(message, /a\.yaml:99:1 is wrong\na\.yaml has 2 more problems, which are not listed$/)
  t.equal(new ConfigError(problems.slice(0, 100)).problems.length, 100)
})
