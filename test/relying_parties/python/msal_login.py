"""Logs in with MSAL Python. MSAL_OPTIONS has the authority as JSON."""
import json
import os
from urllib.parse import parse_qsl, urlsplit

import msal

from browser import CLIENT, REDIRECT_URI, log_in

app = msal.ConfidentialClientApplication(
    CLIENT["client_id"], client_credential=CLIENT["client_secret"], **json.loads(os.environ["MSAL_OPTIONS"])
)
flow = app.initiate_auth_code_flow(["groups"], redirect_uri=REDIRECT_URI)
answer = dict(parse_qsl(urlsplit(log_in(flow["auth_uri"], "alice")).query))
result = app.acquire_token_by_auth_code_flow(flow, answer)
if "id_token_claims" not in result:
    raise SystemExit(json.dumps(result))
[account] = app.get_accounts()
silent = app.acquire_token_silent(["groups"], account=account, force_refresh=True)
print(json.dumps({"sub": result["id_token_claims"]["sub"], "refreshed": "access_token" in silent}))
