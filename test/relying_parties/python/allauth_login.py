"""Logs in at a site of Django with the OpenID Connect provider of django-allauth and its default settings."""
import json

from django.urls import include, path

from browser import CLIENT, ISSUER, log_in
from django_site import logged_in_user, start

client = start(
    ["allauth", "allauth.account", "allauth.socialaccount", "allauth.socialaccount.providers.openid_connect"],
    AUTHENTICATION_BACKENDS=["allauth.account.auth_backends.AuthenticationBackend"],
    MIDDLEWARE=[
        "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
        "allauth.account.middleware.AccountMiddleware",
    ],
    MESSAGE_STORAGE="django.contrib.messages.storage.session.SessionStorage",
    SOCIALACCOUNT_PROVIDERS={
        "openid_connect": {
            "APPS": [
                {
                    "provider_id": "mock",
                    "name": "Mock",
                    "client_id": CLIENT["client_id"],
                    "secret": CLIENT["client_secret"],
                    "settings": {"server_url": ISSUER},
                }
            ]
        }
    },
)

urlpatterns = [path("accounts/", include("allauth.urls"))]

callback = log_in(client.post("/accounts/oidc/mock/login/").headers["location"], "alice")
answer = client.get(callback.removeprefix("http://localhost:3000"))
if "_auth_user_id" not in client.session:
    raise SystemExit(f"the callback answered {answer.status_code}: {answer.content.decode()[:4000]}")
user = logged_in_user(client)
print(json.dumps({"email": user.email, "uid": user.socialaccount_set.get().uid}))
