#!/usr/bin/env bash
# Runs the tests, against a real Redis, PostgreSQL and Chromium. What is missing on a Debian or Ubuntu
# machine is installed first. Flags and packages go to go test:
#
#   ./test.sh
#   ./test.sh -race
#   ./test.sh ./cache/... -run Lock -count=10
#   ./test.sh screenshots   takes the pictures of the guides anew (docs/images)
#   ./test.sh compat      the vendor's JavaScript SDK against the simulated Bitrix24; wants Node 20 and npm, nothing else
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

have() { command -v "$1" >/dev/null; }
have_any() { local name; for name; do have "$name" && return; done; return 1; }
have_redis() { have redis-server; }
have_postgres() { { have initdb && have postgres; } || compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null; }
have_browser() { have_any headless_shell headless-shell chromium chromium-browser google-chrome google-chrome-stable; }
have_node() { have node && have npm && (($(node -p 'process.versions.node.split(".")[0]') >= 20)); }
have_compiler() { have_any "${CC:-cc}" gcc clang; }

die() { echo "test.sh: $*" >&2; exit 1; }

missing() { # the Debian packages that this run lacks
  if [[ ${1-} == compat ]]; then
    have_node || echo nodejs npm
    return
  fi
  have_redis || echo redis-server
  have_postgres || echo postgresql
  have_browser || echo chromium
  if [[ " $* " == *" -race "* ]]; then
    have_compiler || echo gcc libc6-dev # the race detector is linked by a C compiler
  fi
}

install() {
  local line="apt-get update && apt-get install -y $*" as_root=()
  have apt-get || die "install these and run it again: $*"
  if ((EUID != 0)); then
    sudo -n true 2>/dev/null || die "type this and run it again: sudo sh -c '$line'"
    as_root=(sudo -n)
  fi
  echo "test.sh: installing $* (the tests start servers of their own and leave the system's alone)"
  "${as_root[@]}" apt-get update -qq &&
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" >/dev/null ||
    die "the installation failed; try by hand: $line"
}

have go || PATH=$PATH:/usr/local/go/bin
have go || die "Go is missing: https://go.dev/dl/"

mapfile -t packages < <(missing "$@" | tr ' ' '\n')
if ((${#packages[@]})); then
  install "${packages[@]}"
  still=$(missing "$@" | tr '\n' ' ')
  [[ -z $still ]] || die "installed, but not found: $still"
fi

[[ ${1-} != compat ]] || exec sandbox/compat/run
if [[ ${1-} == screenshots ]]; then
  BRIDGE_SCREENSHOTS=$(mktemp -d)
  export BRIDGE_SCREENSHOTS
  trap 'rm -rf "$BRIDGE_SCREENSHOTS"' EXIT
  go test ./app/demo -count=1 -run '^(TestFirstRun|TestSettingsPages|TestJournal|TestCardTab|TestPagesOfPeople|TestGuideOfTheCard|TestEnglishPages|TestPagesInThePortalsFrame)$'
  go test ./cmd/bridge -count=1 -run '^TestGuides$' -pictures "$BRIDGE_SCREENSHOTS"
  exit
fi
for argument; do
  case $argument in ./* | konturbridge*) exec go test "$@" ;; esac
done
exec go test ./cmd/bridge/chaos ./... "$@" # the longest first: beside it the others run
