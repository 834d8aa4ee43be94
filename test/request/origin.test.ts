/** The base URL of a request: Host, and X-Forwarded headers if they are trusted. */
import type { IncomingHttpHeaders } from 'node:http'
import t from 'tap'
import { readOrigin } from '../../src/request/origin.js'

const forwarded = (proto?: string, host?: string, port?: string): IncomingHttpHeaders => ({
  host: 'inner:9400',
  ...(proto !== undefined && { 'x-forwarded-proto': proto }),
  ...(host !== undefined && { 'x-forwarded-host': host }),
  ...(port !== undefined && { 'x-forwarded-port': port }),
})

const standard = (value: string): IncomingHttpHeaders => ({ host: 'inner:9400', forwarded: value })

const read = (headers: IncomingHttpHeaders, trusted: boolean) =>
  readOrigin({ headers, protocol: 'http', trusted, fallback: 'fallback:1' })

const ORIGINS: [string, IncomingHttpHeaders, string][] = [
  ['Host', { host: 'localhost:9400' }, 'http://localhost:9400'],
  ['Host without port', { host: 'idp.example.com' }, 'http://idp.example.com'],
  ['the default port is left out', { host: 'localhost:80' }, 'http://localhost'],
  ['another scheme has another default port', { host: 'localhost:443' }, 'http://localhost:443'],
  ['IPv4', { host: '127.0.0.1:9400' }, 'http://127.0.0.1:9400'],
  ['IPv6', { host: '[::1]:9400' }, 'http://[::1]:9400'],
  ['IPv6 without port', { host: '[fe80::1]' }, 'http://[fe80::1]'],
  ['no Host (HTTP/1.0)', {}, 'http://fallback:1'],
  ['X-Forwarded-Proto', forwarded('https'), 'https://inner:9400'],
  ['X-Forwarded-Proto in capitals', forwarded('HTTPS'), 'https://inner:9400'],
  ['X-Forwarded-Host', forwarded(undefined, 'outer'), 'http://outer'],
  ['X-Forwarded-Host with port', forwarded('https', 'outer:8443'), 'https://outer:8443'],
  ['X-Forwarded-Port goes before the port of the host', forwarded('https', 'outer:1', '8443'), 'https://outer:8443'],
  ['X-Forwarded-Port alone', forwarded(undefined, undefined, '80'), 'http://inner'],
  ['the default port is left out', forwarded('https', 'outer', '443'), 'https://outer'],
  ['of several proxies the first counts', forwarded('https, http', 'a.example , b', '443,80'), 'https://a.example'],
  ['an empty header says nothing', forwarded('', '', ''), 'http://inner:9400'],
  ['RFC 7239 §4: proto and host', standard('for=192.0.2.43;proto=https;host=outer'), 'https://outer'],
  ['RFC 7239 §4: a quoted host with port', standard('proto=https;host="outer:8443"'), 'https://outer:8443'],
  ['RFC 7239 §4: a quoted IPv6 address', standard('for="[2001:db8::1]";host="[::1]:1"'), 'http://[::1]:1'],
  ['a host with port without quotes', standard('host=outer:8443'), 'http://outer:8443'],
  ['RFC 7239 §4: names and proto in any case', standard('Host=outer;PROTO=HTTPS'), 'https://outer'],
  ['RFC 7239 §4: spaces between pairs', standard('for=_hidden; proto=https; host=outer'), 'https://outer'],
  ['RFC 7239 §4: escaped characters in quotes', standard('host="\\o\\u\\t"'), 'http://out'],
  ['RFC 7239 §4: the first element counts', standard('host=outer, host=inner2;proto=https'), 'http://outer'],
  ['RFC 7239 §4: commas and semicolons in quotes', standard('for="a,b;host=x";host=outer'), 'http://outer'],
  ['a value without its own quote is left out', standard('host="outer'), 'http://inner:9400'],
  ['neither proto nor host', standard('for=192.0.2.43;by=203.0.113.60'), 'http://inner:9400'],
  [
    'X-Forwarded-Host goes before host of Forwarded',
    { ...standard('host=a;proto=https'), ...forwarded(undefined, 'b') },
    'https://b',
  ],
  [
    'X-Forwarded-Proto goes before proto',
    { ...standard('host=a;proto=http'), 'x-forwarded-proto': 'https' },
    'https://a',
  ],
  ['X-Forwarded-Port is added', { ...standard('host=a'), 'x-forwarded-port': '8080' }, 'http://a:8080'],
]
for (const [title, headers, origin] of ORIGINS) {
  t.equal(read(headers, true), origin, `${title}: ${origin}`)
}

t.equal(
  read(forwarded('https', 'evil.example', '1'), false),
  'http://inner:9400',
  'untrusted X-Forwarded headers are ignored',
)
t.equal(
  read(standard('host=evil.example;proto=https'), false),
  'http://inner:9400',
  'so is an untrusted Forwarded header',
)
t.equal(read(forwarded('no such', '<>', 'x'), false), 'http://inner:9400', 'however broken')

const BAD: [IncomingHttpHeaders, RegExp][] = [
  [{ host: '' }, /^the host is /],
  [{ host: 'a b' }, /^the host is a b,/],
  [{ host: 'a/b' }, /^the host/],
  [{ host: 'user@host' }, /^the host/],
  [{ host: 'a?b' }, /^the host/],
  [{ host: 'a#b' }, /^the host/],
  [{ host: 'a:' }, /^the host/],
  [{ host: 'a:x' }, /^the host/],
  [{ host: 'a:1:2' }, /^the host/],
  [{ host: 'a\n' }, /^the host/],
  [{ host: '"><script>' }, /^the host/],
  [{ host: '[::1' }, /^the host/],
  [{ host: '[evil.com]' }, /^the host/],
  [{ host: 'x'.repeat(256) }, /^the host is x+\.\.\. \(256 characters\)/],
  [forwarded('https', 'evil.com/path'), /^the host is evil\.com\/path/],
  [forwarded('ftp'), /^X-Forwarded-Proto is ftp, expected http or https$/],
  [forwarded('javascript'), /^X-Forwarded-Proto/],
  [forwarded('constructor'), /^X-Forwarded-Proto/],
  [standard('proto=ftp'), /^proto of the header Forwarded is ftp, expected http or https$/],
  [standard('host="evil.com/path"'), /^the host is evil\.com\/path/],
  [standard('host=_hidden!'), /^the host is _hidden!/],
  [forwarded('https', 'a', 'x'), /^X-Forwarded-Port is x, expected a number up to 65535$/],
  [forwarded('https', 'a', '-1'), /^X-Forwarded-Port/],
  [forwarded('https', 'a', '123456'), /^X-Forwarded-Port/],
  [forwarded('https', 'a', '65536'), /^X-Forwarded-Port is 65536, expected/],
  [forwarded('https', 'a:65536'), /^the host is a:65536, expected/],
  [{ host: 'localhost:99999' }, /^the host is localhost:99999, expected/],
  [{ host: '1.2.3.999' }, /^the host/],
]
for (const [headers, message] of BAD) {
  t.throws(
    () => read(headers, true),
    { error: 'invalid_request', status: 400, message },
    `${JSON.stringify(headers).slice(0, 80)} is refused`,
  )
}
