// To the application in the frame first; once it has answered there, or has had time enough, in the place of this page.
;(function () {
  var frame = document.querySelector('iframe')
  var timer = setTimeout(again, 5000)
  function again() {
    clearTimeout(timer)
    frame.onload = null
    document.getElementById('again').click()
  }
  frame.onload = function () {
    try {
      // Some browsers tell of the empty frame as well.
      if (frame.contentWindow.location.href === 'about:blank') return
    } catch (error) {
      // Of another site, so it is the application's.
    }
    again()
  }
  document.getElementById('once').click()
})()
