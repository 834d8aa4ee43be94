#!/usr/bin/env bash
# Builds the image and tests it from outside. Prints `ok - …` or `not ok - …` for each check, and the counts at the end.
#
#   test/image.sh            uses a Docker engine, or else $IMAGE_TOOL, a program with the subcommands build, run and exec
#   IMAGE=name test/image.sh tests an existing image with a Docker engine
#
# Exit code: 0 if all checks passed, 1 if one failed, 77 if no engine is available.
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

TOOL=${IMAGE_TOOL:-}
if docker info >/dev/null 2>&1; then
  ENGINE=docker
elif [ -n "$TOOL" ] && [ -x "$TOOL" ]; then
  ENGINE=tool
else
  echo "skipped: no Docker engine is available, and IMAGE_TOOL names no program that builds and runs images"
  exit 77
fi

TAG=${IMAGE:-localhost/oidc-provider-mock:test}
PROGRAM=(/nodejs/bin/node /app/dist/cli/index.js)
LIMIT=$((8 * 1024 * 1024))
WORK=$(mktemp -d)
chmod 755 "$WORK"
mkdir "$WORK/empty"
PORT=0
RUNNING= # name of the container, or id of the process that runs it
passed=0
failed=0

check() { # title command...: counts the command as a passed or a failed check
  local title=$1
  shift
  if "$@" >"$WORK/said" 2>&1; then
    echo "ok - $title"
    passed=$((passed + 1))
  else
    echo "not ok - $title"
    sed 's/^/    /' "$WORK/said"
    failed=$((failed + 1))
  fi
}

free_port() { node -e "const s = require('net').createServer().listen(0, '127.0.0.1', () => { console.log(s.address().port); s.close() })"; }

build() {
  if [ $ENGINE = tool ]; then "$TOOL" build "$TAG"; else [ -n "${IMAGE:-}" ] || docker build -t "$TAG" .; fi
}

# Splits options of `docker run` (-v and -e) from the arguments after `--`.
split() {
  OPTIONS=()
  while [ $# -gt 0 ] && [ "$1" != -- ]; do OPTIONS+=("$1"); shift; done
  shift
  ARGS=("$@")
}

# Runs the program of the image until it ends.
run() {
  split "$@"
  if [ $ENGINE = tool ]; then
    ENVS="${OPTIONS[*]}" timeout 120 "$TOOL" run "$TAG" "${ARGS[@]}"
  else
    timeout 120 docker run --rm "${OPTIONS[@]}" "$TAG" "${ARGS[@]}"
  fi
}

# Starts the program of the image and waits until it responds at $URL.
start() {
  split "$@"
  PORT=$(free_port)
  URL=http://localhost:$PORT
  OPTIONS+=(-e "OIDC_PROVIDER_MOCK_PORT=$PORT")
  if [ $ENGINE = tool ]; then
    ENVS="${OPTIONS[*]}" "$TOOL" run "$TAG" "${ARGS[@]}" >"$WORK/log" 2>&1 &
    RUNNING=$!
  else
    RUNNING=$(docker run -d -p "127.0.0.1:$PORT:$PORT" "${OPTIONS[@]}" "$TAG" "${ARGS[@]}")
  fi
  within 60 curl -fsS -o "$WORK/healthz" "$URL/healthz" || { logs; return 1; }
}

logs() { if [ $ENGINE = tool ]; then cat "$WORK/log"; else docker logs "$RUNNING"; fi; }

within() { # seconds command...: repeats the command until it succeeds
  local end=$((SECONDS + $1))
  shift
  until "$@"; do [ $SECONDS -lt $end ] || return 1; sleep 0.1; done 2>/dev/null
}

server_pid() { # prints the id of the program's process on this machine
  if [ $ENGINE = docker ]; then docker inspect -f '{{.State.Pid}}' "$RUNNING"; return; fi
  local parents=$RUNNING children found=
  while [ -n "$parents" ]; do
    children=$(pgrep -P "$(tr ' ' , <<<"$parents")" | xargs)
    for one in $children; do
      tr '\0' ' ' <"/proc/$one/cmdline" | grep -q "^${PROGRAM[*]}" && found=$one
    done
    parents=$children
  done
  echo "$found"
}

# Stops the program as an engine does and measures the milliseconds.
stop() {
  local begin pid
  pid=$(server_pid)
  begin=$(date +%s%N)
  if [ $ENGINE = docker ]; then
    docker kill -s TERM "$RUNNING" >/dev/null && timeout 30 docker wait "$RUNNING" >"$WORK/code"
  else
    kill -TERM "$pid" && within 30 test ! -e "/proc/$pid"
  fi
  MILLISECONDS=$((($(date +%s%N) - begin) / 1000000))
  if [ $ENGINE = docker ]; then docker rm -f "$RUNNING" >/dev/null; else wait "$RUNNING"; echo $? >"$WORK/code"; fi
  RUNNING=
}

ends_at_once() {
  stop
  echo "took $MILLISECONDS ms, exit code $(cat "$WORK/code")"
  [ $MILLISECONDS -lt 1000 ] && [ "$(cat "$WORK/code")" = 0 ]
}

clean() {
  [ -z "$RUNNING" ] || stop >/dev/null 2>&1
  rm -rf "$WORK"
}
trap clean EXIT

AUTHORIZE='client_id=app&redirect_uri=http%3A%2F%2Flocalhost%3A8000%2Fcallback&response_type=code&scope=openid'
offers() { curl -fsS "$URL/oauth2/authorize?$AUTHORIZE" | grep -q "Authorize as $1"; }
demands_nonce() { curl -sS -o /dev/null -w '%{redirect_url}' "$URL/oauth2/authorize?$AUTHORIZE" | grep -q nonce; }
is_stale() { curl -fsS "$URL/healthz" | tee "$WORK/healthz" | grep -q '"stale"' && grep -q "$1" "$WORK/healthz"; }
is_current() { curl -fsS "$URL/healthz" | grep -q '"current"'; }
ends_with() { # code pattern command...
  local expected=$1 pattern=$2 code
  shift 2
  "$@" >"$WORK/output" 2>&1
  code=$?
  cat "$WORK/output"
  [ $code = "$expected" ] && grep -q -- "$pattern" "$WORK/output"
}
healthcheck() {
  if [ $ENGINE = docker ]; then docker exec "$RUNNING" "${PROGRAM[@]}" healthcheck; else run -e "OIDC_PROVIDER_MOCK_PORT=$PORT" -- healthcheck; fi
}
inside() { # javascript...: in a container of the image
  if [ $ENGINE = docker ]; then docker run --rm --entrypoint /nodejs/bin/node "$TAG" -e "$1"; else "$TOOL" exec "$TAG" /nodejs/bin/node -e "$1"; fi
}
small_enough() {
  local bytes
  bytes=$(inside "const fs = require('fs'); let n = 0
    for (const e of fs.readdirSync('/app', { recursive: true, withFileTypes: true })) if (e.isFile()) n += fs.statSync((e.parentPath ?? e.path) + '/' + e.name).size
    console.log(n)")
  echo "$bytes bytes"
  [ "$bytes" -gt 0 ] && [ "$bytes" -lt $LIMIT ]
}
write() { cat >"$1" && chmod 644 "$1"; } # readable by the user of the image

check 'the image is built' build
[ $failed = 0 ] || { echo "# $passed passed, $failed failed"; exit 1; }
check 'the image adds less than 8 MiB to its base' small_enough
check 'the image runs as user 65532' inside 'process.exit(process.getuid() === 65532 ? 0 : 1)'
check 'the user can write no file of the program' inside "const fs = require('fs')
  for (const e of ['', ...fs.readdirSync('/app', { recursive: true })]) {
    try { fs.accessSync('/app/' + e, fs.constants.W_OK) } catch { continue }
    console.log(e + ' is writable'); process.exitCode = 1
  }"
check 'the image has no shell and no package manager' inside "const fs = require('fs')
  for (const e of ['/bin/sh', '/bin/bash', '/bin/busybox', '/usr/bin/apt-get', '/usr/bin/dpkg', '/nodejs/bin/npm'])
    if (fs.existsSync(e)) { console.log(e + ' exists'); process.exitCode = 1 }"
check 'the image has the licenses and the bill of materials of its packages' inside "const fs = require('fs')
  const { components } = JSON.parse(fs.readFileSync('/app/sbom.cdx.json', 'utf8'))
  const licenses = fs.readFileSync('/app/LICENSES', 'utf8')
  for (const name of ['fastify', 'jose', 'ajv', 'yaml'])
    if (!components.some((e) => e.name === name) || !licenses.includes(name + ' ')) { console.log('no ' + name); process.exitCode = 1 }"

check 'the image starts without configuration' start --
check 'healthcheck in the container ends with code 0' healthcheck
check 'a full login with openid-client from outside' node test/image/login.mjs "$URL" alice
if [ $ENGINE = docker ]; then
  is_healthy() { [ "$(docker inspect -f '{{.State.Health.Status}}' "$RUNNING")" = healthy ]; }
  check 'the engine reports a healthy container' within 60 is_healthy
fi
check 'SIGTERM ends it with code 0 in less than a second' ends_at_once
check 'healthcheck ends with code 1 if no provider listens' ends_with 1 'does not answer' run -e "OIDC_PROVIDER_MOCK_PORT=$PORT" -- healthcheck

check 'IMAGE --require-nonce starts' start -- --require-nonce
check 'and applies the flag' demands_nonce
check 'and ends at once' ends_at_once
check 'IMAGE -- --require-nonce starts' start -- -- --require-nonce
check 'and applies the flag' demands_nonce
check 'and ends at once' ends_at_once

mkdir "$WORK/config" && chmod 755 "$WORK/config"
write "$WORK/config/config.yaml" <<<'users: [{ sub: ann }]'
write "$WORK/config/users.yaml" <<<'- sub: bert'
check 'it starts with a mounted folder' start -v "$WORK/config:/config:ro" --
check 'and offers the users of config.yaml' offers ann
check 'and those of users.yaml' offers bert
write "$WORK/config/config.yaml" <<<'users: [{ sub: carla }]'
check 'a changed config.yaml changes the login page' within 20 offers carla
write "$WORK/config/new" <<<'- sub: dora' && mv "$WORK/config/new" "$WORK/config/users.yaml"
check 'a file renamed to users.yaml changes the login page' within 20 offers dora
write "$WORK/config/config.yaml" <<<'user: []'
check 'an invalid change is reported in /healthz' within 20 is_stale 'did you mean users'
check 'and the previous configuration stays active' offers carla
check 'and healthcheck ends with code 0' healthcheck
: >"$WORK/config/config.yaml"
check 'an emptied file is reported in /healthz' within 20 is_stale 'is empty'
rm "$WORK/config/config.yaml"
check 'a deleted file is reported in /healthz' within 20 is_stale 'was deleted'
write "$WORK/config/config.yaml" <<<'users: [{ sub: emil }]'
check 'a valid change becomes active' within 20 offers emil
check 'and /healthz reports it' is_current
check 'and it ends at once' ends_at_once

write "$WORK/single.yaml" <<<'users: [{ sub: fay }]'
check 'it starts with a single mounted file, polling' start -v "$WORK/single.yaml:/config/config.yaml:ro" -e OIDC_PROVIDER_MOCK_WATCH=poll --
check 'and offers its users' offers fay
write "$WORK/single.yaml" <<<'users: [{ sub: gus }]'
check 'and follows a change in place' within 20 offers gus
check 'and ends at once' ends_at_once

if [ $ENGINE = docker ]; then READ_ONLY=(--read-only --cap-drop ALL --security-opt no-new-privileges); else READ_ONLY=(-v "$WORK/empty:/tmp:ro" -v "$WORK/empty:/home/nonroot:ro"); fi
check 'it starts on a read-only file system without capabilities' start "${READ_ONLY[@]}" --
runs_as() { grep -q "^Uid:[[:space:]]$1[[:space:]]" "/proc/$(server_pid)/status"; }
check 'and runs as user 65532' runs_as 65532
check 'and a login succeeds' node test/image/login.mjs "$URL" alice
check 'and it ends at once' ends_at_once

check 'IMAGE validate accepts a valid file' ends_with 0 'valid$' run -v "$WORK/config:/config:ro" -- validate /config/config.yaml
write "$WORK/config/bad.yaml" <<<'user: []'
check 'IMAGE validate ends with code 2 and reports the problem of an invalid file' ends_with 2 'did you mean users' run -v "$WORK/config:/config:ro" -- validate /config/bad.yaml
mkdir -p "$WORK/made/config.yaml"
check 'a folder instead of a file ends with code 2' ends_with 2 'is a folder, expected a file' run -v "$WORK/made:/config:ro" --
write "$WORK/config/config.json" <<<'{}'
check 'two configurations end with code 2' ends_with 2 'expected one of them' run -v "$WORK/config:/config:ro" --
check 'a missing file ends with code 2' ends_with 2 'does not exist' run -- --config /config/other.yaml
write "$WORK/secret.yaml" <<<'users: []' && chmod 600 "$WORK/secret.yaml"
check 'an unreadable file ends with code 2' ends_with 2 'permission denied' run -v "$WORK/secret.yaml:/config/config.yaml:ro" --

echo "# $passed passed, $failed failed"
[ $failed = 0 ]
