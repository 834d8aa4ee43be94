// OpenID Connect Front-Channel Logout §2: on to the client once every frame has loaded, or has had time enough.
;(function () {
  var timer = setTimeout(leave, 5000)
  function leave() {
    clearTimeout(timer)
    window.onload = null
    location.replace(document.getElementById('continue').href)
  }
  window.onload = leave
})()
