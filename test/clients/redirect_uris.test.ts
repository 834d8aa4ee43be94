/** The URIs that a browser can be redirected to. RFC 6749 §3.1.2. */
import t from 'tap'
import { expectRedirectUri } from '../../src/clients/redirect_uris.js'

const GOOD = [
  'http://localhost:8000/callback',
  'https://app.example.com/cb?tenant=a&x=%20',
  'http://[::1]:8000/cb',
  'http://127.0.0.1/',
  'com.example.app:/oauth2redirect',
  'com.example.app:callback',
  'myapp://',
  'urn:ietf:wg:oauth:2.0:oob',
]
for (const uri of GOOD) t.equal(expectRedirectUri(uri), undefined, `RFC 6749 §3.1.2: ${uri} is an absolute URI`)

const BAD: [string, RegExp][] = [
  ['/callback', /an absolute URI/],
  ['localhost', /an absolute URI/],
  ['localhost:3000', /an absolute URI/],
  ['localhost:3000/callback', /an absolute URI/],
  ['rp.example:443?a=b', /an absolute URI/],
  ['//evil.com/cb', /an absolute URI/],
  ['http://', /an absolute URI/],
  ['https://evil.com%2F.example.com/', /an absolute URI/],
  ['https://evil.com%40example.com/', /an absolute URI/],
  ['http://localhost:99999/', /an absolute URI/],
  ['http://localhost/cb#part', /without a fragment/],
  ['http://localhost/cb#', /without a fragment/],
  ['http://localhost/a b', /printable ASCII/],
  ['http://localhost/\r\nSet-Cookie:a=b', /printable ASCII/],
  ['http://localhost/\t', /printable ASCII/],
  ['http://localhost/\u0000', /printable ASCII/],
  ['http://münchen.example/', /printable ASCII/],
  ['http://localhost/\n', /printable ASCII/],
  ['javascript:alert(1)', /not a script/],
  ['JavaScript:alert(1)', /not a script/],
  ['data:text/html,<script>', /not a script/],
  ['vbscript:x', /not a script/],
  ['javascript://localhost/%0aalert(1)', /not a script/],
  ['JAVASCRIPT://localhost:3000/cb', /not a script/],
  ['blob:http://localhost:9400/0c8c1ff6', /not a script/],
  ['filesystem:http://localhost:9400/temporary/x.html', /not a script/],
  ['\tjavascript:alert(1)', /printable ASCII/],
  ['java\nscript:alert(1)', /printable ASCII/],
  [' javascript:alert(1)', /printable ASCII/],
  ['\u0001javascript:alert(1)', /printable ASCII/],
]
for (const [uri, problem] of BAD) t.match(expectRedirectUri(uri), problem, `${JSON.stringify(uri)} is refused`)
