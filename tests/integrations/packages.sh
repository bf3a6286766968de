#!/usr/bin/env bash
# The wheel and the npm packages, made as a release makes them and installed into fresh environments.
set -euo pipefail
: "${root:?run tests/integrations.sh}" "${scratch:?}" "${tools:?}"

# DRIFTGATE_BINARY may name one that is there already.
binary=${DRIFTGATE_BINARY:-$root/target/debug/driftgate}
if [[ -z ${DRIFTGATE_BINARY:-} ]]; then cargo build --quiet --locked; fi
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
export PRE_COMMIT_HOME=$scratch/wheel-pre-commit PREK_HOME=$scratch/wheel-prek
git init --quiet "$work/repository"
cd "$work/repository"
cat > .pre-commit-config.yaml <<YAML
repos:
  - repo: local
    hooks:
      - id: driftgate
        name: driftgate
        language: python
        additional_dependencies: [$(echo "$work"/one/*.whl)]
        entry: driftgate --version
        pass_filenames: false
YAML
git add .
for runner in pre-commit prek; do "$tools/py/bin/$runner" run --verbose | grep -F "$want"; done
cd "$root"

echo "-- the npm packages, packed and installed"
python3 .github/packaging/npm.py "$work/npm" "$target=$binary"
mkdir "$work/packed" "$work/user"
for folder in "$work"/npm/*/; do (cd "$folder" && npm pack --silent --pack-destination "$work/packed" > /dev/null); done
cd "$work/user"
npm init --yes > /dev/null
npm install --silent --no-audit --no-fund "$work"/packed/driftgate-linux-*.tgz "$work"/packed/driftgate-[0-9]*.tgz
[[ $(npx --no-install driftgate --version) == "$want" ]]
code=0
npx --no-install driftgate check --no-such-option > /dev/null 2>&1 || code=$?
[[ $code == 2 ]]
rm -r node_modules/@driftgate
code=0
node node_modules/driftgate/bin/driftgate.js --version 2> message || code=$?
[[ $code == 2 ]] && grep -q 'cargo install driftgate' message
