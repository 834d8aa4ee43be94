#!/bin/sh
# Installs the libraries with which test/relying_parties logs in: packages for browsers by npm, a virtual environment of
# Python 3, and the jars of Spring Security by Maven. What is missing is skipped, and so are its tests.
# Usage: test/install_relying_parties.sh [FOLDER], by default ~/.cache/oidc-provider-mock/relying_parties.
set -eu
here=$(cd "$(dirname "$0")" && pwd)/relying_parties
folder=${1:-${XDG_CACHE_HOME:-$HOME/.cache}/oidc-provider-mock/relying_parties}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)

wanted=$(cksum <"$here/browser/package.json")
if [ "$(cat "$folder/browser.installed" 2>/dev/null || true)" != "$wanted" ]; then
  rm -rf "$folder/browser" "$folder/browser.installed"
  mkdir "$folder/browser"
  cp "$here/browser/package.json" "$folder/browser"
  npm install --prefix "$folder/browser" --silent --no-audit --no-fund --no-package-lock --ignore-scripts
  echo "$wanted" >"$folder/browser.installed"
fi

if command -v python3 >/dev/null; then
  wanted=$(cksum <"$here/requirements.txt")
  if [ "$(cat "$folder/python.installed" 2>/dev/null || true)" != "$wanted" ]; then
    rm -rf "$folder/python" "$folder/python.installed"
    python3 -m venv "$folder/python"
    "$folder/python/bin/pip" install --quiet --disable-pip-version-check --requirement "$here/requirements.txt"
    echo "$wanted" >"$folder/python.installed"
  fi
else
  echo 'python3 is missing: the logins with libraries of Python are skipped' >&2
fi

if command -v javac >/dev/null && command -v mvn >/dev/null; then
  wanted=$(cksum <"$here/spring/pom.xml")
  if [ "$(cat "$folder/spring.installed" 2>/dev/null || true)" != "$wanted" ]; then
    rm -f "$folder/spring.installed"
    mvn --batch-mode --quiet --file "$here/spring/pom.xml" dependency:build-classpath "-Dmdep.outputFile=$folder/spring.classpath"
    echo "$wanted" >"$folder/spring.installed"
  fi
else
  echo 'the JDK or Maven is missing: the test with Spring Security is skipped' >&2
fi
