// OAuth 2.0 Form Post Response Mode §2: the browser posts the response without a click, in a syntax that any browser supports.
document.forms[0].submit()
