// OAuth 2.0 Form Post Response Mode §2: the browser posts the answer by itself, in words that any browser knows.
document.forms[0].submit()
