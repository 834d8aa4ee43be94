/** Destinations of outbound calls: the entries of outbound.allow, and every notation of an address. */
import t from 'tap'
import { createDestinationCheck, parseEntry } from '../../src/config/destinations.js'

/** Tells whether the list allows a URL whose host name has the address. */
function allows(allow: readonly string[] | undefined, url: string, address?: string): boolean {
  const { hostname, port } = new URL(url)
  const host = hostname.replace(/^\[|\]$/g, '')
  return createDestinationCheck(allow)({ host, port: Number(port) || 80, address: address ?? host }) === undefined
}

/** Notations of 169.254.169.254 in a URL. */
const LINK_LOCAL = [
  ...['http://169.254.169.254/', 'http://2852039166/', 'http://0xa9fea9fe/', 'http://0251.0376.0251.0376/'],
  ...['http://169.254.43518/', 'http://169.254.169.254./', 'http://①⑥⑨.254.169.254/', 'http://%31%36%39.254.169.254/'],
  ...['http://[::ffff:169.254.169.254]/', 'http://[::FFFF:A9FE:A9FE]/', 'http://[0:0:0:0:0:ffff:a9fe:a9fe]/'],
  ...['http://[::169.254.169.254]/', 'http://[::ffff:0:169.254.169.254]/', 'http://[64:ff9b::169.254.169.254]/'],
  ...['http://[64:ff9b:1::a9fe:a9fe]/', 'http://[2002:a9fe:a9fe::1]/'],
]
const METADATA = ['fd00:ec2::254', 'fd20:ce::254', '100.100.100.200', '168.63.129.16', '192.0.0.192']

t.test('without a list, all addresses but link-local and metadata addresses are allowed', async (t) => {
  for (const url of ['http://127.0.0.1/', 'http://[::1]/', 'http://10.0.0.1/', 'http://[fd00::1]/', 'http://0/']) {
    t.ok(allows(undefined, url), url)
  }
  for (const url of LINK_LOCAL) t.notOk(allows(undefined, url), url)
  for (const url of ['http://[fe80::1]/', 'http://[febf:ffff::1]/', 'http://169.254.0.0/', 'http://169.254.255.255/']) {
    t.notOk(allows(undefined, url), url)
  }
  for (const address of METADATA) t.notOk(allows(undefined, 'http://app/', address), address)
  t.notOk(allows(undefined, 'http://app/', 'fe80::1%eth0'), 'a zone of the resolver')
  t.notOk(allows(undefined, 'http://app/', '::ffff:169.254.169.254%eth0'))
  t.ok(allows(undefined, 'http://[fec0::1]/'))
  t.ok(allows(undefined, 'http://169.253.255.255/'))
  t.ok(allows(undefined, 'http://169.255.0.0/'))
})

t.test('an empty list allows nothing', async (t) => {
  for (const url of ['http://127.0.0.1/', 'http://[::1]/', ...LINK_LOCAL]) t.notOk(allows([], url), url)
})

t.test('a host name is allowed at any address except link-local', async (t) => {
  const list = ['App', '*.example.com', 'bücher.example', 'web_1.']
  for (const host of ['app', 'APP', 'app.', 'a.example.com', 'a.b.EXAMPLE.com.', 'bücher.example', 'web_1']) {
    t.ok(allows(list, `http://${host}/`, '10.0.0.1'), host)
    t.ok(allows(list, `http://${host}:3000/`, '::1'), host)
    t.notOk(allows(list, `http://${host}/`, '169.254.169.254'), host)
    t.notOk(allows(list, `http://${host}/`, 'fe80::1'), host)
    t.ok(allows([...list, '169.254.169.254'], `http://${host}/`, '169.254.169.254'), host)
  }
  for (const host of ['xapp', 'app.evil.example', 'example.com', 'badexample.com', 'a.example.com.evil.example']) {
    t.notOk(allows(list, `http://${host}/`, '10.0.0.1'), host)
  }
  t.notOk(allows(list, 'http://app@evil.example/', '10.0.0.1'), 'user info is no host')
  t.notOk(allows(['localhost'], 'http://127.0.0.1/'), 'the name of an address is not the address')
})

t.test('an address is allowed by every name and in every notation', async (t) => {
  const loopback = [
    ...[
      'http://127.0.0.1/',
      'http://0/',
      'http://0.0.0.0/',
      'http://2130706433/',
      'http://0x7f.1/',
      'http://017700000001/',
    ],
    ...['http://127.1/', 'http://[::ffff:127.0.0.1]/', 'http://[::ffff:0:0]/', 'http://[::127.0.0.1]/'],
    ...['http://[64:ff9b::7f00:1]/', 'http://[2002:7f00:1::]/'],
  ]
  for (const url of loopback) {
    t.ok(allows(['127.0.0.1'], url), url)
    t.ok(allows(['::ffff:127.0.0.1'], url), url)
    t.ok(allows(['0.0.0.0'], url), url)
    t.ok(allows(['127.0.0.0/8'], url), url)
    t.notOk(allows(['127.0.0.2', '::1', '::/0', '10.0.0.0/8'], url), url)
  }
  for (const url of ['http://[::1]/', 'http://[::]/', 'http://[0:0:0:0:0:0:0:1]/']) {
    t.ok(allows(['::1'], url), url)
    t.ok(allows(['[::]'], url), url)
    t.notOk(allows(['127.0.0.1', '0.0.0.0/0'], url), url)
  }
  t.ok(allows(['10.1.2.3'], 'http://any.example/', '10.1.2.3'))
  t.ok(allows(['fd00:0:0::1'], 'http://any.example/', 'FD00::1'))
  t.ok(allows(['0x7f000001'], 'http://127.0.0.1/'), 'an entry has the notations of a URL')
})

t.test('a range contains only its addresses', async (t) => {
  const list = ['10.1.0.0/16', '192.168.1.77/24', 'fd00::/8', '203.0.113.9/32']
  for (const address of ['10.1.0.0', '10.1.255.255', '192.168.1.1', 'fd12:3456::1', '203.0.113.9', '::ffff:10.1.2.3']) {
    t.ok(allows(list, 'http://app/', address), address)
  }
  for (const address of ['10.0.255.255', '10.2.0.0', '192.168.2.1', 'fc00::1', '203.0.113.8', '127.0.0.1', '::1']) {
    t.notOk(allows(list, 'http://app/', address), address)
  }
})

t.test('link-local and metadata addresses need an entry within their range', async (t) => {
  t.notOk(allows(['0.0.0.0/0', '169.0.0.0/8', '::/0'], 'http://169.254.169.254/'))
  t.notOk(allows(['::/0', 'fe00::/8', '0.0.0.0/0'], 'http://[fe80::1]/'))
  t.ok(allows(['169.254.0.0/16'], 'http://169.254.169.254/'))
  t.ok(allows(['169.254.169.254'], 'http://[::ffff:a9fe:a9fe]/'))
  t.notOk(allows(['169.254.169.0/30'], 'http://169.254.169.254/'))
  t.ok(allows(['fe80::/10'], 'http://[fe80::1]/'))
  for (const address of METADATA) {
    t.notOk(allows(['0.0.0.0/0', '::/0', 'app'], 'http://app/', address), address)
    t.ok(allows([address], 'http://app/', address), address)
  }
})

t.test('an entry with a port allows only this port', async (t) => {
  const list = ['app:3000', '*.example.com:443', '10.0.0.1:80', '[fd00::1]:8080', '169.254.1.1:80']
  const cases: [string, string, boolean][] = [
    ['http://app:3000/', '10.0.0.9', true],
    ['http://app/', '10.0.0.9', false],
    ['http://app:3001/', '10.0.0.9', false],
    ['http://a.example.com:443/', '10.0.0.9', true],
    ['http://a.example.com:444/', '10.0.0.9', false],
    ['http://10.0.0.1/', '10.0.0.1', true],
    ['http://10.0.0.1:81/', '10.0.0.1', false],
    ['http://[fd00::1]:8080/', 'fd00::1', true],
    ['http://[fd00::1]:8081/', 'fd00::1', false],
    ['http://x/', '169.254.1.1', true],
    ['http://x:81/', '169.254.1.1', false],
  ]
  for (const [url, address, expected] of cases) t.equal(allows(list, url, address), expected, url)
})

t.test('the problem names the address', async (t) => {
  const at = { host: 'app', port: 80 }
  t.equal(
    createDestinationCheck([])({ ...at, address: '10.0.0.1' }),
    'is at 10.0.0.1, expected a host or an address of outbound.allow (--outbound-allow)',
  )
  t.equal(
    createDestinationCheck(undefined)({ ...at, address: 'fe80::1' }),
    'is at fe80::1, a link-local or metadata address, which needs an entry of its own in outbound.allow',
  )
})

t.test('other texts are no entries', async (t) => {
  const invalid = [
    ...[
      '',
      ' ',
      '*',
      '*.',
      '.',
      '*.*.example',
      'a*.example',
      'http://app',
      'app/x',
      'a b',
      'user@app',
      'app?x',
      'app#x',
    ],
    ...[
      'app:',
      'app:0',
      'app:65536',
      'app:x',
      ':80',
      '10.0.0.0/33',
      '10.0.0.0/',
      '10.0.0.0/x',
      '10.0/8',
      '/8',
      'app/8',
    ],
    ...[
      '::/129',
      '10.0.0.0/8:80',
      'fd00::1]',
      '[fd00::1',
      '[app]',
      '*.10.0.0.1',
      '*.0x7f.1',
      '256.1.1.1',
      'a\\b',
      '[]',
    ],
    ...['::ffff:10.0.0.0/104', '64:ff9b::/96', '2002::/16'],
  ]
  for (const text of invalid) t.equal(parseEntry(text), undefined, JSON.stringify(text))
})
