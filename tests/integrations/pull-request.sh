#!/usr/bin/env bash
# A pull request from end to end: the action's scripts with the real program, on a clone of depth 1 as actions/checkout makes it.
set -euo pipefail
: "${root:?run tests/integrations.sh}" "${scratch:?}" "${tools:?}"
# shellcheck source=tests/integrations/sample.sh
source "$root/tests/integrations/sample.sh"

binary=${DRIFTGATE_BINARY:?}
work=$scratch/pull-request
mkdir -p "$work"
cd "$work"

git init --quiet --bare remote
git -C remote config uploadpack.allowAnySHA1InWant true
git init --quiet seed
cd seed
git remote add origin "$work/remote"
service customerId
git add . && git commit --quiet -m base
git checkout --quiet -b feature
service customer_id
git add . && git commit --quiet -m "rename a field"
feature=$(git rev-parse HEAD)
git checkout --quiet main
echo "Billing" > README.md
git add . && git commit --quiet -m "main moves on"
tip=$(git rev-parse HEAD)
git merge --quiet --no-ff -m "Merge" feature
git push --quiet origin "$tip:refs/heads/main" feature "HEAD:refs/pull/1/merge"
cd ..

git init --quiet here
cd here
git remote add origin "file://$work/remote"
git fetch --quiet --no-tags --depth=1 origin +refs/pull/1/merge:refs/remotes/pull/1/merge
git checkout --quiet --detach refs/remotes/pull/1/merge

export GITHUB_ACTIONS=true GITHUB_EVENT_NAME=pull_request GITHUB_OUTPUT=$work/output GITHUB_STEP_SUMMARY=$work/summary.md
PATH="$(dirname "$binary"):$PATH"
export PATH DRIFTGATE_REPORTS=$work/reports
: > "$GITHUB_OUTPUT"
: > "$GITHUB_STEP_SUMMARY"
PR_BASE_SHA=$tip PR_HEAD_SHA=$feature DEFAULT_BRANCH=main "$root/.github/action/base.sh"
base=$(sed -n 's/^base=//p' "$GITHUB_OUTPUT")
[[ $base == "$tip" ]]

code=0
DRIFTGATE_BASE=$base "$root/.github/action/check.sh" > log || code=$?
cat log
[[ $code == 1 ]]
grep -q '^::error file=src/lib.rs,line=6,.*customer_id' log
grep -q '^verdict=breaking$' "$GITHUB_OUTPUT"
grep -q '^breaking=1$' "$GITHUB_OUTPUT"
grep -q '^report<<' "$GITHUB_OUTPUT"
grep -q '^sarif<<' "$GITHUB_OUTPUT"
grep -q 'crm-sync' "$GITHUB_STEP_SUMMARY"
jq -e '.verdict == "breaking" and .findings[0].rule == "field-renamed"' "$work/reports/report.json" > /dev/null
jq -e '.runs[0].results | length == 1' "$work/reports/report.sarif" > /dev/null
grep -q 'crm-sync' "$work/reports/comment.md"
