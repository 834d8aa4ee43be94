/** Texts of secret files are not part of messages. */
import t from 'tap'
import { hideIn } from '../../src/config/hidden.js'

const SHOWN = '${file:secret}'
const hide = (text: string, message: string) =>
  hideIn([{ file: 'config.yaml', path: '/x', message }], [{ text, shown: SHOWN }])[0]!.message

t.equal(
  hide('topsecret', 'is "topsecret", expected a URL'),
  `is ${SHOWN}, a text of 9 characters (not shown), expected a URL`,
)
t.equal(hide('one,other', 'lists "other", expected "one-more"'), 'lists "…", expected "one-more"', 'a part in quotes')
const long = 'x'.repeat(400)
for (const end of [0, 1, 100, 399]) {
  const message = `has the text ${long.slice(0, 300)}${'y'.repeat(end)}`
  t.notMatch(hide(`${long}z`, message), 'xxxxxxxxxx', `${end} characters of another text after it`)
}
t.notMatch(hide(long, `has the text ${long}`), 'x'.repeat(10), 'the whole text at the end of a message')
t.notMatch(hide(long, `has the text ${long.slice(0, 300)}…`), 'x'.repeat(10), 'the beginning of a text')
t.equal(hide('', 'is empty'), 'is empty')
