"""Logs in with the session of Authlib and client_secret_post."""
import json

import requests
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.jwk import KeySet

from browser import CLIENT, ISSUER, REDIRECT_URI, log_in

server = requests.get(f"{ISSUER}/.well-known/openid-configuration", timeout=10).json()
session = OAuth2Session(
    **CLIENT,
    token_endpoint_auth_method="client_secret_post",
    scope="openid groups",
    redirect_uri=REDIRECT_URI,
    code_challenge_method="S256",
)
verifier = "v" * 43
url, state = session.create_authorization_url(
    server["authorization_endpoint"], nonce="n-0S6_WzA2Mj", code_verifier=verifier
)
token = session.fetch_token(
    server["token_endpoint"],
    authorization_response=log_in(url, "alice"),
    state=state,
    code_verifier=verifier,
)
keys = KeySet.import_key_set(requests.get(server["jwks_uri"], timeout=10).json())
decoded = jwt.decode(token["id_token"], keys)
claims = CodeIDToken(
    decoded.claims,
    decoded.header,
    options={"iss": {"value": ISSUER}, "aud": {"value": "my-app"}},
    params={"nonce": "n-0S6_WzA2Mj", "access_token": token["access_token"]},
)
claims.validate()
refreshed = session.refresh_token(server["token_endpoint"])
userinfo = session.get(server["userinfo_endpoint"])
print(json.dumps({"sub": claims["sub"], "userinfo": userinfo.json(), "refreshed": "access_token" in refreshed}))
