#!/bin/sh
# Signs in at the site of compose.example.yml without a browser, and prints whom oauth2-proxy let in.
# Usage: examples/compose/login.sh [SUB]
set -eu
sub=${1:-alice}
site=${SITE:-http://localhost:4180}
cookies=$(mktemp)
trap 'rm -f "$cookies"' EXIT

visit() { curl --fail --silent --show-error --cookie "$cookies" --cookie-jar "$cookies" "$@"; }

# oauth2-proxy sends the browser to the provider …
login=$(visit --output /dev/null --write-out '%{redirect_url}' "$site/")
# … where the form is answered, which sends it back with a code …
callback=$(visit --output /dev/null --write-out '%{redirect_url}' --data-urlencode "sub=$sub" "$login")
# … for which oauth2-proxy gets tokens from the provider, on the other side of the network, and sets a cookie.
visit --output /dev/null "$callback"
visit "$site/" | grep -q 'You are signed in'
visit "$site/oauth2/userinfo"
