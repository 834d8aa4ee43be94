#!/bin/sh
# Installs the programs that the tests of examples/ and .github/ ask for a second opinion; where one is missing its tests
# are skipped. Needs Go and Python 3. Usage: test/install_validators.sh [FOLDER], a folder of PATH; ~/.local/bin if none.
set -eu
bin=${1:-$HOME/.local/bin}
mkdir -p "$bin"
bin=$(cd "$bin" && pwd)

ACTIONLINT=v1.7.12
COMPOSE_GO=v2.16.2
KUBERNETES_VALIDATE=1.37.0
KUSTOMIZE=v5.8.1

# install_go NAME PACKAGE VERSION: builds the program, unless it is there in this version.
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

# An environment of its own, since a system's Python may refuse packages from elsewhere.
venv=$bin/.kubernetes-validate-$KUBERNETES_VALIDATE
if [ ! -x "$venv/bin/kubernetes-validate" ]; then
  python3 -m venv "$venv"
  "$venv/bin/pip" install --quiet --disable-pip-version-check "kubernetes-validate==$KUBERNETES_VALIDATE"
fi
ln -sf "$venv/bin/kubernetes-validate" "$bin/kubernetes-validate"
