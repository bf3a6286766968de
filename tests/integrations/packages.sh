#!/usr/bin/env bash
# The wheel and the npm packages, made as a release makes them and installed into fresh environments.
set -euo pipefail
: "${root:?run tests/integrations.sh}" "${scratch:?}" "${tools:?}"

binary=${DRIFTGATE_BINARY:?}
target=x86_64-unknown-linux-musl
if [[ $(uname -m) == aarch64 ]]; then target=aarch64-unknown-linux-musl; fi
want=$("$binary" --version)
[[ $want == driftgate* ]]
work=$scratch/packages
mkdir -p "$work"

echo "-- the wheel in a fresh virtual environment"
for folder in one two; do python3 .github/packaging/wheel.py "$target" "$binary" "$work/$folder" > /dev/null; done
cmp "$work"/one/*.whl "$work"/two/*.whl
python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check --no-index "$work"/one/*.whl
[[ $("$work/venv/bin/driftgate" --version) == "$want" ]]
"$work/venv/bin/pip" check

echo "-- the wheel as a hook: nothing is built before the first commit"
# shellcheck source=tests/integrations/sample.sh
source "$root/tests/integrations/sample.sh"
export PRE_COMMIT_HOME=$scratch/wheel-pre-commit PREK_HOME=$scratch/wheel-prek
git init --quiet "$work/repository"
cd "$work/repository"
# As the README shows it, with the wheel that was made here.
python3 - "$root/README.md" "$(echo "$work"/one/*.whl)" > .pre-commit-config.yaml <<'PYTHON'
import re, sys

shown = re.search(r"<!-- file: \.pre-commit-config\.wheel\.yaml -->\n```yaml\n(.*?)```", open(sys.argv[1]).read(), re.S)[1]
print(re.sub(r"driftgate==[\d.]+", sys.argv[2], shown), end="")
PYTHON
grep -q '\.whl\]' .pre-commit-config.yaml
service customerId
git add . && git commit --quiet -m base
for runner in pre-commit prek; do
  printf '// A comment of %s changes nothing on the wire.\n' "$runner" >> src/lib.rs
  git add . && "$tools/py/bin/$runner" run --verbose
  git commit --quiet -m comment
  service customer_id
  git add .
  if "$tools/py/bin/$runner" run > "$work/out" 2>&1; then
    echo "the commit that breaks crm-sync was let through"
    exit 1
  fi
  grep -q field-renamed "$work/out"
  service customerId
  git add .
done
cd "$root"

echo "-- the npm packages, packed and installed"
python3 .github/packaging/npm.py "$work/npm" "$target=$binary"
mkdir "$work/packed" "$work/user"
for folder in "$work"/npm/*/; do (cd "$folder" && npm pack --silent --pack-destination "$work/packed" > /dev/null); done
cd "$work/user"
npm init --yes > /dev/null
npm install --silent --offline --no-audit --no-fund "$work"/packed/driftgate-linux-*.tgz "$work"/packed/driftgate-[0-9]*.tgz
[[ $(npx --no-install driftgate --version) == "$want" ]]
code=0
npx --no-install driftgate check --no-such-option > /dev/null 2>&1 || code=$?
[[ $code == 2 ]]
rm -r node_modules/@driftgate
code=0
node node_modules/driftgate/bin/driftgate.js --version 2> message || code=$?
[[ $code == 2 ]] && grep -q 'cargo install driftgate' message
