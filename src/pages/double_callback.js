// Loads the application in the frame first. After its response or 5 seconds, loads it in place of this page.
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
      // Some browsers report the empty frame as well.
      if (frame.contentWindow.location.href === 'about:blank') return
    } catch (error) {
      // The frame shows another site, so the application has responded.
    }
    again()
  }
  document.getElementById('once').click()
})()
