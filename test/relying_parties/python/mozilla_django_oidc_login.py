"""Logs in at a site of Django with mozilla-django-oidc and its default settings."""
import json
import sys

import requests
from django.urls import path

from browser import CLIENT, ISSUER, log_in
from django_site import logged_in_user, start

server = requests.get(f"{ISSUER}/.well-known/openid-configuration", timeout=10).json()
client = start(
    ["mozilla_django_oidc"],
    AUTHENTICATION_BACKENDS=["mozilla_django_oidc.auth.OIDCAuthenticationBackend"],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
    ],
    OIDC_RP_CLIENT_ID=CLIENT["client_id"],
    OIDC_RP_CLIENT_SECRET=CLIENT["client_secret"],
    OIDC_RP_SIGN_ALGO="RS256",
    OIDC_OP_AUTHORIZATION_ENDPOINT=server["authorization_endpoint"],
    OIDC_OP_TOKEN_ENDPOINT=server["token_endpoint"],
    OIDC_OP_USER_ENDPOINT=server["userinfo_endpoint"],
    OIDC_OP_JWKS_ENDPOINT=server["jwks_uri"],
)

from mozilla_django_oidc.views import OIDCAuthenticationCallbackView, OIDCAuthenticationRequestView  # noqa: E402

urlpatterns = [
    path("login", OIDCAuthenticationRequestView.as_view(), name="oidc_authentication_init"),
    path("callback", OIDCAuthenticationCallbackView.as_view(), name="oidc_authentication_callback"),
]
sys.modules["__main__"].urlpatterns = urlpatterns

callback = log_in(client.get("/login").headers["location"], "alice")
client.get(callback.removeprefix("http://localhost:3000"))
print(json.dumps({"email": logged_in_user(client).email}))
