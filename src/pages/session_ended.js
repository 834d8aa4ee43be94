// OpenID Connect Front-Channel Logout §2: opens the client's URL once all frames have loaded, or after 5 seconds.
;(function () {
  var timer = setTimeout(leave, 5000)
  function leave() {
    clearTimeout(timer)
    window.onload = null
    location.replace(document.getElementById('continue').href)
  }
  window.onload = leave
})()
