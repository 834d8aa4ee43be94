// OpenID Connect Session Management §3.2 and §3.3, in a syntax that every browser supports. Bundled by schema/page_module.mjs.
// crypto.subtle is missing in scripted browsers, and without https on every host other than localhost.
import { sha256 } from 'js-sha256'

// Returns the state that changes with every login and logout in this browser; empty without the cookie.
function readBrowserState() {
  var parts = ('; ' + document.cookie).split('; ' + document.body.getAttribute('data-cookie') + '=')
  return parts.length < 2 ? '' : parts[1].split(';')[0]
}

// A browser may hide cookies from a frame on another site. The state is unknown then, not changed.
function whenReadable(answer) {
  if (!document.hasStorageAccess) return answer('changed')
  document.hasStorageAccess().then(function (may) {
    answer(may ? 'changed' : 'error')
  })
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
  if (!request) return answer('error')
  var state = readBrowserState()
  if (state === '') return whenReadable(answer)
  answer(hash([request[1], event.origin, state, request[3]].join(' ')) === request[2] ? 'unchanged' : 'changed')
})
