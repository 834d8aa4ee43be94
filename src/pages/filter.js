// Sends the typed subject and the chosen fault together with the filter, so that the next page still has them.
;(function () {
  var answer = document.getElementById('answer').elements
  document.getElementById('find').addEventListener('formdata', function (event) {
    ;['sub', 'error', 'fault'].forEach(function (name) {
      if (answer[name]) event.formData.set(name, answer[name].value)
    })
  })
})()
