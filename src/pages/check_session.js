// OpenID Connect Session Management §3.2 and §3.3, in a syntax that every browser with crypto.subtle supports.
;(function () {
  // Returns the state that changes with every login and logout in this browser; empty without the cookie.
  function readBrowserState() {
    var parts = ('; ' + document.cookie).split('; ' + document.body.getAttribute('data-cookie') + '=')
    return parts.length < 2 ? '' : parts[1].split(';')[0]
  }

  // A browser may hide cookies from a frame on another site. The state is unknown then, not changed.
  function mayRead() {
    return document.hasStorageAccess ? document.hasStorageAccess() : Promise.resolve(true)
  }

  function toBase64url(bytes) {
    var text = btoa(String.fromCharCode.apply(null, new Uint8Array(bytes)))
    return text.replace(/\+/g, '-').replace(/\//g, '_').replace(/=/g, '')
  }

  window.addEventListener('message', function (event) {
    // client_id, a space, and session_state: a hash, a dot and the salt.
    var request = /^(.+) ([\w-]+)\.([\w-]+)$/.exec(event.data)
    function answer(status) {
      event.source.postMessage(status, event.origin)
    }
    // Without https, and not on localhost, browsers have no hash function.
    if (!request || !window.crypto || !crypto.subtle) return answer('error')
    var state = readBrowserState()
    var text = [request[1], event.origin, state, request[3]].join(' ')
    crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)).then(function (hash) {
      if (state !== '') return answer(toBase64url(hash) === request[2] ? 'unchanged' : 'changed')
      return mayRead().then(function (may) {
        answer(may ? 'changed' : 'error')
      })
    })
  })
})()
