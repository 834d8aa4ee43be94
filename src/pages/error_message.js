// OAuth 2.0 Web Message Response Mode §4: sends the refusal to the page that has opened this window or framed this page.
;(function () {
  var data = document.getElementById('message').dataset
  var receiver = window.opener || window.parent
  if (receiver !== window) receiver.postMessage(JSON.parse(data.message), data.target)
})()
