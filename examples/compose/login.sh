#!/bin/sh
# Logs in at the site of compose.example.yml without a browser, and prints the user that oauth2-proxy accepted.
# Usage: examples/compose/login.sh [SUB]
set -eu
sub=${1:-alice}
site=${SITE:-http://localhost:4180}
cookies=$(mktemp)
trap 'rm -f "$cookies"' EXIT

visit() { curl --fail --silent --show-error --cookie "$cookies" --cookie-jar "$cookies" "$@"; }

# oauth2-proxy redirects the browser to the provider.
login=$(visit --output /dev/null --write-out '%{redirect_url}' "$site/")
# The submitted login form redirects the browser back with a code.
callback=$(visit --output /dev/null --write-out '%{redirect_url}' --data-urlencode "sub=$sub" "$login")
# oauth2-proxy redeems the code at the provider, inside the network, and sets a cookie.
visit --output /dev/null "$callback"
visit "$site/" | grep -q 'You are signed in'
visit "$site/oauth2/userinfo"
