// OpenID Connect Session Management §3.2 and §3.3, in a syntax that every browser supports. Bundled by schema/page_module.mjs.
// crypto.subtle is missing in scripted browsers, and without https on every host other than localhost.
import { sha256 } from 'js-sha256'

// The login status frame of keycloak-js has a protocol of its own.
var isLoginStatus = document.body.hasAttribute('data-login-status')

// Returns the state that changes with every login and logout in this browser, and after it, for a login status frame, a hash
// of the sid of each login. The state is empty without the cookie.
function readCookie() {
  var parts = ('; ' + document.cookie).split('; ' + document.body.getAttribute('data-cookie') + '=')
  return (parts.length < 2 ? '' : parts[1].split(';')[0]).split('.')
}

// A browser may hide cookies from a frame on another site. The state is unknown then, not changed.
function whenReadable(answer, status) {
  if (!document.hasStorageAccess) return answer(status)
  document.hasStorageAccess().then(function (may) {
    answer(may ? status : 'error')
  })
}

// Whether this frame has cookies with the attributes of a login's cookies.
function hasCookies() {
  var attributes = '; SameSite=' + (location.protocol === 'https:' ? 'None; Secure' : 'Lax')
  document.cookie = 'oidc_probe=1' + attributes
  var has = document.cookie.indexOf('oidc_probe=1') >= 0
  document.cookie = 'oidc_probe=; Max-Age=0' + attributes
  return has
}

function hash(text) {
  var encoded = btoa(String.fromCharCode.apply(null, sha256.array(text)))
  return encoded.replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, '')
}

window.addEventListener('message', function (event) {
  // client_id, a space, and session_state: a hash, a dot and the salt.
  var request = /^(.+) ([\w-]+)\.([\w-]+)$/.exec(event.data)
  function answer(status) {
    event.source.postMessage(status, event.origin)
  }
  var cookie = readCookie()
  var state = cookie[0]
  if (request) {
    if (state === '') return whenReadable(answer, 'changed')
    return answer(
      hash([request[1], event.origin, state, request[3]].join(' ')) === request[2] ? 'unchanged' : 'changed'
    )
  }
  // client_id, a space, and the sid of an access token; empty before a login.
  var login = isLoginStatus && /^.+ ([\w-]*)$/.exec(event.data)
  if (!login) return answer('error')
  var isSame = login[1] === '' ? cookie.length === 1 : cookie.indexOf(hash(login[1]), 1) > 0
  if (state === '') return whenReadable(answer, isSame ? 'unchanged' : 'changed')
  answer(isSame ? 'unchanged' : 'changed')
})

// keycloak-js loads the page once to learn whether frames have cookies here.
if (isLoginStatus) window.parent.postMessage(hasCookies() ? 'supported' : 'unsupported', '*')
