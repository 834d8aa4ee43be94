"""A browser, reduced to what a login needs."""
import os

import requests

ISSUER = os.environ["ISSUER"]
CLIENT = {"client_id": "my-app", "client_secret": "my-secret"}
REDIRECT_URI = os.environ["REDIRECT_URI"]


def log_in(url, sub):
    """Sends the form of the login page, and returns the URL of the application to which the browser is redirected."""
    answer = requests.post(url, data={"sub": sub}, allow_redirects=False, timeout=10)
    if answer.status_code != 302:
        raise SystemExit(f"{url} answered {answer.status_code}: {answer.text[:4000]}")
    return answer.headers["location"]
