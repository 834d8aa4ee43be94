#!/bin/sh
# Installs programs with which the tests validate examples/, .github/ and the admin API. Tests of a missing program are skipped.
# Requires Go, Node.js and Python 3. Usage: test/install_validators.sh [FOLDER], a folder of PATH, by default ~/.local/bin.
set -eu
bin=${1:-$HOME/.local/bin}
mkdir -p "$bin"
bin=$(cd "$bin" && pwd)

ACTIONLINT=v1.7.12
CHECK_JSONSCHEMA=0.39.0
COMPOSE_GO=v2.16.2
KUBERNETES_VALIDATE=1.37.0
KUSTOMIZE=v5.8.1
YAML_LANGUAGE_SERVER=1.25.0
SCHEMATHESIS=4.32.5

# install_go NAME PACKAGE VERSION: builds the program unless this version is installed.
install_go() {
  if [ -x "$bin/$1" ] && go version -m "$bin/$1" | grep -q "mod.*$3"; then return; fi
  folder=$(mktemp -d)
  GOBIN=$folder go install "$2@$3"
  mv "$folder"/* "$bin/$1"
  rmdir "$folder"
}

install_go actionlint github.com/rhysd/actionlint/cmd/actionlint "$ACTIONLINT"
install_go compose-spec github.com/compose-spec/compose-go/v2/cmd "$COMPOSE_GO"
install_go kustomize sigs.k8s.io/kustomize/kustomize/v5 "$KUSTOMIZE"

# install_python NAME VERSION: installs the program in a virtual environment, because the Python of the system may refuse packages.
install_python() {
  venv=$bin/.$1-$2
  if [ ! -x "$venv/bin/$1" ]; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check "$1==$2"
  fi
  ln -sf "$venv/bin/$1" "$bin/$1"
}

install_python check-jsonschema "$CHECK_JSONSCHEMA"
install_python kubernetes-validate "$KUBERNETES_VALIDATE"
install_python schemathesis "$SCHEMATHESIS"

# The server is installed in a folder of its own, beside its link.
server=$bin/.yaml-language-server-$YAML_LANGUAGE_SERVER
if [ ! -x "$server/node_modules/.bin/yaml-language-server" ]; then
  npm install --prefix "$server" --silent --no-audit --no-fund --ignore-scripts "yaml-language-server@$YAML_LANGUAGE_SERVER"
fi
ln -sf "$server/node_modules/.bin/yaml-language-server" "$bin/yaml-language-server"
