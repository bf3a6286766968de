#!/usr/bin/env bash
# The action's own scripts, run as the runner runs them: against a real remote in every state of a clone, against a release in a
# folder, and against a stand-in for `gh`.
set -euo pipefail
: "${root:?run tests/integrations.sh}" "${scratch:?}" "${tools:?}"

scripts=$root/.github/action
work=$scratch/action
mkdir -p "$work"
cd "$work"
export GIT_CONFIG_GLOBAL=$work/gitconfig GIT_CONFIG_NOSYSTEM=1
git config --global user.name test
git config --global user.email test@example.invalid
git config --global init.defaultBranch main
git config --global advice.detachedHead false
checks=0

expect() { # what, expected, got
  checks=$((checks + 1))
  if [[ $2 != "$3" ]]; then
    printf '%s\n  expected: %s\n  got:      %s\n' "$1" "$2" "$3"
    exit 1
  fi
}

# --- A remote: main has 80 commits, a feature of two leaves it at the 20th, and a pull request merges it into main's tip.
git init --quiet --bare remote
git -C remote config uploadpack.allowAnySHA1InWant true
git init --quiet seed
cd seed
git remote add origin "$work/remote"
commit() { git commit --quiet --allow-empty -m "$1" && git rev-parse HEAD; }
for n in $(seq 1 20); do fork=$(commit "main $n"); done
git checkout --quiet -b feature
commit "feature 1" > /dev/null
feature=$(commit "feature 2")
git checkout --quiet main
for n in $(seq 21 80); do tip=$(commit "main $n"); done
parent=$(git rev-parse HEAD^1)
git checkout --quiet --detach main
git merge --quiet --no-ff -m "Merge feature into main" feature
merge=$(git rev-parse HEAD)
git checkout --quiet --orphan other
git commit --quiet --allow-empty -m "no common history"
other=$(git rev-parse HEAD)
git tag v1 "$fork"
git push --quiet origin main feature other v1 "$merge:refs/pull/1/merge" "$feature:refs/pull/1/head"
git -C "$work/remote" symbolic-ref HEAD refs/heads/main
# A commit that a force push left behind and the remote has forgotten.
gone=$(git commit-tree -m gone "HEAD^{tree}")
cd "$work"

# clone DEPTH REF: as actions/checkout does it.
clone() {
  rm -rf here
  git init --quiet here
  cd here
  git remote add origin "file://$work/remote"
  if [[ $1 == 0 ]]; then
    git fetch --quiet origin '+refs/heads/*:refs/remotes/origin/*' "+$2:refs/here"
  else
    git fetch --quiet --no-tags --depth="$1" origin "+$2:refs/here"
  fi
  git checkout --quiet --detach refs/here
  cd ..
}

# base KEY=VALUE…: what the script finds, and how it ends.
base() {
  : > output
  local code=0
  (cd here && env -u GITHUB_BASE_REF GITHUB_OUTPUT="$work/output" PR_BASE_SHA="$tip" PR_HEAD_SHA="$feature" DEFAULT_BRANCH=main "$@" \
    "$scripts/base.sh" > ../log 2>&1) || code=$?
  echo "$code $(sed -n 's/^base=//p' output)"
}

event() { echo "GITHUB_EVENT_NAME=$1"; }

for depth in 1 2 0; do
  clone "$depth" refs/pull/1/merge
  expect "pull request, merge commit, depth $depth" "0 $tip" "$(base "$(event pull_request)")"
  expect "the base can be read, depth $depth" commit "$(git -C here cat-file -t "$tip")"
done
clone 1 refs/pull/1/merge
base "$(event pull_request)" > /dev/null
expect "one commit is fetched, not a history" 1 "$(git -C here rev-list --count "$tip")"

clone 1 "$feature"
expect "pull request, head commit, depth 1" "0 $fork" "$(base "$(event pull_request)")"
clone 0 "$feature"
before=$(git -C here rev-list --count --all)
expect "pull request, head commit, whole history" "0 $fork" "$(base "$(event pull_request)")"
expect "a full clone stays full" "$before false" \
  "$(git -C here rev-list --count --all) $(git -C here rev-parse --is-shallow-repository)"

for depth in 1 0; do
  clone "$depth" "$tip"
  expect "pull_request_target on the base is refused, depth $depth" "2 " "$(base "$(event pull_request_target)")"
done

clone 1 refs/pull/1/merge
expect "merge queue" "0 $tip" "$(base "$(event merge_group)" MERGE_GROUP_BASE_SHA="$tip")"

clone 1 "$tip"
expect "push" "0 $parent" "$(base "$(event push)" PUSH_BEFORE="$parent")"
zeros=0000000000000000000000000000000000000000
expect "first push of the default branch, with history" "0 $parent" "$(base "$(event push)" PUSH_BEFORE=$zeros)"
clone 1 "$feature"
expect "push of a new branch" "0 $fork" "$(base "$(event push)" PUSH_BEFORE=$zeros)"
clone 1 "$feature"
expect "force push whose old commit is gone" "0 $fork" "$(base "$(event push)" PUSH_BEFORE="$gone")"
clone 1 "$other"
expect "a branch without common history" "2 " "$(base "$(event push)" PUSH_BEFORE=$zeros)"
expect "the way out is named" 1 "$(grep -c 'fetch-depth: 0' log)"
clone 1 "$tip"
expect "schedule on the default branch" "0 $parent" "$(base "$(event schedule)")"
clone 1 "$(git -C seed rev-list --max-parents=0 main)"
expect "the first commit of all, on its own branch" "0 " "$(base "$(event push)" PUSH_BEFORE=$zeros DEFAULT_BRANCH=none)"

for name in main v1 "$fork"; do
  want=$fork
  clone 1 "$feature"
  expect "input \`base\`: $name" "0 $want" "$(base "$(event workflow_dispatch)" INPUT_BASE="$name")"
  clone 0 "$feature"
  expect "input \`base\` in a full clone: $name" "0 $want" "$(base "$(event workflow_dispatch)" INPUT_BASE="$name")"
  expect "which stays full" false "$(git -C here rev-parse --is-shallow-repository)"
done
expect "an unknown base" "2 " "$(base "$(event workflow_dispatch)" INPUT_BASE=nowhere)"
expect "a base that is an option" "2 " "$(base "$(event workflow_dispatch)" INPUT_BASE=--upload-pack=touch)"
rm -rf here && git init --quiet here
expect "no commit yet" "0 " "$(base "$(event push)")"
rm -rf here && mkdir here
expect "no repository" "2 " "$(GIT_CEILING_DIRECTORIES=$work base "$(event push)")"

# --- The archive and its checksum.
archive() {
  : > output
  GITHUB_OUTPUT=$work/output RUNNER_TEMP=$work/temp env "$@" "$scripts/archive.sh" > log || return
  sed -n 's/^name=//p' output
}
expect "an archive for Linux" driftgate-x86_64-unknown-linux-musl.tar.gz \
  "$(archive DRIFTGATE_VERSION=v0.1.0 RUNNER_OS=Linux RUNNER_ARCH=X64)"
expect "none for an unknown runner" "" "$(archive DRIFTGATE_VERSION=0.1.0 RUNNER_OS=Linux RUNNER_ARCH=RISCV)"
expect "a version that is a path" refused \
  "$(archive DRIFTGATE_VERSION=../../evil RUNNER_OS=Linux RUNNER_ARCH=X64 > /dev/null || echo refused)"

name=driftgate-x86_64-unknown-linux-musl.tar.gz
mkdir -p "release/v0.1.0" "pack/driftgate-x86_64-unknown-linux-musl" action/.github/action
printf '#!/bin/sh\necho driftgate 0.1.0\n' > pack/driftgate-x86_64-unknown-linux-musl/driftgate
chmod +x pack/driftgate-x86_64-unknown-linux-musl/driftgate
tar -czf "release/v0.1.0/$name" -C pack driftgate-x86_64-unknown-linux-musl
hash=$(sha256sum "release/v0.1.0/$name" | cut -d ' ' -f 1)
cp "$scripts/checksums.txt" action/.github/action/

mkdir -p fake
# A stand-in for cargo, which leaves a program where `cargo install --root` would.
cat > fake/cargo <<'FAKE'
#!/bin/sh
while [ "$1" != --root ]; do shift; done
mkdir -p "$2/bin" && printf '#!/bin/sh\necho built\n' > "$2/bin/driftgate" && chmod +x "$2/bin/driftgate"
FAKE
chmod +x fake/cargo

install() {
  local code=0
  [[ ${KEEP:-} ]] || rm -rf temp
  mkdir -p temp
  env PATH="$work/fake:$PATH" RUNNER_TEMP="$work/temp" RUNNER_OS=Linux RUNNER_ARCH=X64 GITHUB_PATH="$work/path" \
    GITHUB_ACTION_PATH="$work/action" DRIFTGATE_RELEASES="file://$work/release" DRIFTGATE_VERSION=0.1.0 \
    DRIFTGATE_ARCHIVE="$name" DRIFTGATE_FOLDER="$work/temp/archive" "$@" "$scripts/install.sh" > log 2>&1 || code=$?
  echo "$code $(tail -n 1 log)"
}
expect "no checksum anywhere: built from source" "0 built" "$(install)"
expect "a checksum given" "0 driftgate 0.1.0" "$(install DRIFTGATE_SHA256="$hash")"
expect "it is on the PATH" "$work/temp/driftgate-bin" "$(tail -n 1 path)"
expect "a wrong checksum stops" 2 "$(install DRIFTGATE_SHA256="${hash//[0-9]/0}" | cut -d ' ' -f 1)"
(cd release/v0.1.0 && sha256sum "$name" > SHA256SUMS)
expect "the release's own checksums" "0 driftgate 0.1.0" "$(install)"
echo "0.1.0 $name ${hash//[0-9]/0}" >> action/.github/action/checksums.txt
expect "the list beside the script comes first" 2 "$(install | cut -d ' ' -f 1)"
expect "a release without the archive: built from source" "0 built" \
  "$(install DRIFTGATE_SHA256="$hash" DRIFTGATE_RELEASES="file://$work/nowhere")"
expect "no archive for this runner: built from source" "0 built" "$(install DRIFTGATE_ARCHIVE=)"
install DRIFTGATE_SHA256="$hash" > /dev/null
echo tampered > "temp/archive/$name"
expect "a cache that was tampered with is not used" "0 driftgate 0.1.0" "$(KEEP=1 install DRIFTGATE_SHA256="$hash")"

# --- The command line of the check.
cat > fake/driftgate <<'FAKE'
#!/bin/sh
for argument in "$@"; do printf '<%s>' "$argument"; done
exit 1
FAKE
chmod +x fake/driftgate
check() { env PATH="$work/fake:$PATH" DRIFTGATE_REPORTS="$work/reports" "$@" "$scripts/check.sh" || echo " $?"; }
fixed="<check><--format><github><--output><json=$work/reports/report.json><--output><sarif=$work/reports/report.sarif>"
fixed+="<--output><markdown=$work/reports/comment.md>"
expect "without inputs" "$fixed 1" "$(check)"
expect "with all of them" "$fixed<--base><abc><--base-exact><--require-base><--fail-on><warning><--accept-label=ok><--strict><-v> 1" \
  "$(check DRIFTGATE_BASE=abc INPUT_FAIL_ON=warning INPUT_ACCEPT_LABEL=ok INPUT_ARGS=$'--strict\n  -v')"
# shellcheck disable=SC2016 # It must not be expanded.
odd='--help; $(touch pwned) `touch pwned` "a'"'"' *|& ü::'
expect "a label is one argument, whatever is in it" "$fixed<--accept-label=$odd> 1" "$(check INPUT_ACCEPT_LABEL="$odd")"
# shellcheck disable=SC2016 # It must not be expanded.
expect "arguments are not run" "$fixed<\$(touch><pwned)><*> 1" "$(check INPUT_ARGS='$(touch pwned) *')"
expect "nothing was run" no "$(if [[ -e pwned ]]; then echo yes; else echo no; fi)"

# --- The comment, with a `gh` that keeps comments in a file.
cat > fake/gh <<'FAKE'
#!/usr/bin/env bash
set -euo pipefail
echo "$*" >> "$CALLS"
case "$*" in
  *"api user"*) [[ -n ${FAKE_USER:-} ]] && echo "$FAKE_USER" || exit 1 ;;
  *"--method POST"* | *"--method PATCH"*)
    [[ ${READ_ONLY:-} ]] && exit 1
    for argument in "$@"; do case $argument in body=@*) body=${argument#body=@} ;; esac; done
    cp "$body" "$COMMENT" ;;
  *"--paginate"*)
    [[ ${UNREADABLE:-} ]] && exit 1
    while [[ $1 != --jq ]]; do shift; done
    jq -r "$2" "$COMMENTS" ;;
esac
FAKE
chmod +x fake/gh
printf '### breaking\n' > comment.md
echo '[]' > none.json
marker='<!-- driftgate:CI:test -->'
jq -n --arg m "$marker" '[
  {id: 1, user: {login: "somebody"}, body: ($m + "\nnot ours")},
  {id: 2, user: {login: "github-actions[bot]"}, body: "another comment"},
  {id: 3, user: {login: "github-actions[bot]"}, body: ($m + "\nours")},
  {id: 4, user: {login: "me"}, body: ($m + "\nby a token of a person")}
]' > some.json
comment() {
  rm -f calls written
  touch calls
  env PATH="$work/fake:$PATH" CALLS="$work/calls" COMMENT="$work/written" COMMENTS="$work/$1" GITHUB_WORKFLOW=CI GITHUB_JOB=test \
    GITHUB_REPOSITORY=acme/shop PR_NUMBER=7 RUNNER_TEMP="$work/temp" DRIFTGATE_COMMENT="$work/comment.md" "${@:2}" \
    "$scripts/comment.sh" > log
  sed -n 's/.*--method \([A-Z]* [^ ]*\).*/\1/p' calls
}
expect "a first comment" "POST repos/acme/shop/issues/7/comments" "$(comment none.json DRIFTGATE_VERDICT=breaking)"
expect "it begins with its marker" "$marker" "$(head -n 1 written)"
expect "our own is edited" "PATCH repos/acme/shop/issues/comments/3" "$(comment some.json DRIFTGATE_VERDICT=breaking)"
expect "that of a person's token is found as well" "PATCH repos/acme/shop/issues/comments/4" \
  "$(comment some.json DRIFTGATE_VERDICT=unknown FAKE_USER=me)"
expect "a clean change without a comment gets none" "" "$(comment none.json DRIFTGATE_VERDICT=compatible)"
expect "a clean change with one" "PATCH repos/acme/shop/issues/comments/3" "$(comment some.json DRIFTGATE_VERDICT=compatible)"
expect "which then says so" "### ✔ driftgate: resolved" "$(sed -n 2p written)"
for trouble in READ_ONLY UNREADABLE; do
  comment some.json DRIFTGATE_VERDICT=breaking "$trouble=1" > /dev/null
  expect "$trouble is a notice" 1 "$(grep -c '^::notice title=driftgate::the comment was left out' log)"
done

echo "$checks states and cases"
