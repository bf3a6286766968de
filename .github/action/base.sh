#!/usr/bin/env bash
# Names the commit to compare with and makes sure that it is here, with as little history as will do: one commit for a pull
# request checked out with `fetch-depth: 1`. Only a shallow clone is fetched into with a depth: it would truncate a full one.
set -euo pipefail

fail() {
  echo "::error title=driftgate::$1"
  exit 2
}

found() {
  echo "base: ${1:0:12} ($2)"
  { echo "base=$1"; echo "how=$2"; } >> "$GITHUB_OUTPUT"
  exit 0
}

none() {
  echo "base: none ($1)"
  echo "base=" >> "$GITHUB_OUTPUT"
  exit 0
}

have() {
  git rev-parse --quiet --verify "$1^{commit}" > /dev/null 2>&1
}

shallow() {
  [[ $(git rev-parse --is-shallow-repository) == true ]]
}

get() {
  git fetch --quiet --no-tags --no-recurse-submodules --refmap= "$@"
}

# Makes one commit available, without its history where this clone has none either.
one() {
  have "$1" && return
  if shallow; then get --depth=1 origin "$1"; else get origin "$1"; fi
}

# The merge base of a commit with HEAD, deepening a shallow clone until there is one.
merge_base() {
  local depth base head
  head=$(git rev-parse HEAD)
  one "$1" || return 1
  for depth in 0 50 200 all; do
    case $depth in
      0) ;;
      all) shallow && get --unshallow origin "$1" "$head" ;;
      *) shallow && get --depth="$depth" origin "$1" "$head" ;;
    esac || true
    if base=$(git merge-base "$1" HEAD 2> /dev/null); then
      echo "$base"
      return
    fi
  done
  return 1
}

default_branch() {
  [[ -n ${DEFAULT_BRANCH:-} ]] || return 1
  git ls-remote --quiet origin "refs/heads/$DEFAULT_BRANCH" | cut -f 1
}

git rev-parse --git-dir > /dev/null 2>&1 || fail "there is no git repository here: run actions/checkout first"
have HEAD || none "no commit yet"

if [[ -n ${INPUT_BASE:-} ]]; then
  case $INPUT_BASE in -*) fail "\`base\` is not a revision" ;; esac
  for name in "$INPUT_BASE" "origin/$INPUT_BASE"; do
    have "$name" || continue
    base=$(git rev-parse "$name^{commit}")
    if merged=$(merge_base "$base"); then found "$merged" "merge base with $INPUT_BASE"; fi
    fail "$INPUT_BASE and HEAD have no common history here: check out with \`fetch-depth: 0\`"
  done
  depth=()
  if shallow; then depth=(--depth=1); fi
  get ${depth[@]+"${depth[@]}"} origin "$INPUT_BASE" || fail "$INPUT_BASE is neither here nor on the remote"
  base=$(git rev-parse FETCH_HEAD)
  if merged=$(merge_base "$base"); then found "$merged" "merge base with $INPUT_BASE"; fi
  fail "$INPUT_BASE and HEAD have no common history here: check out with \`fetch-depth: 0\`"
fi

case $GITHUB_EVENT_NAME in
  pull_request | pull_request_target | pull_request_review)
    # A shallow clone hides the parents of HEAD from everything but the commit itself.
    parents=()
    while read -r parent; do parents+=("$parent"); done < <(git cat-file -p HEAD | sed -n -e '/^$/q' -e 's/^parent //p')
    if [[ ${#parents[@]} -eq 2 && ${parents[1]} == "$PR_HEAD_SHA" ]]; then
      one "${parents[0]}" || fail "the base commit ${parents[0]} cannot be fetched: check out with \`fetch-depth: 2\`"
      found "${parents[0]}" "first parent of the pull request's merge commit"
    fi
    if ! have "$PR_HEAD_SHA" || ! git merge-base --is-ancestor "$PR_HEAD_SHA" HEAD 2> /dev/null; then
      # The head of the pull request is not what is checked out, and comparing the base with itself would pass everything.
      fail "HEAD is not the pull request: run on \`pull_request\` with the default checkout"
    fi
    base=$(merge_base "$PR_BASE_SHA") || fail "no merge base with the target branch: check out with \`fetch-depth: 0\`"
    found "$base" "merge base with the target branch"
    ;;
  merge_group)
    one "$MERGE_GROUP_BASE_SHA" || fail "the merge queue's base commit cannot be fetched: check out with \`fetch-depth: 0\`"
    found "$MERGE_GROUP_BASE_SHA" "base of the merge group"
    ;;
  push)
    if [[ ${PUSH_BEFORE:-} =~ ^[0-9a-f]*[1-9a-f][0-9a-f]*$ ]] && one "$PUSH_BEFORE" 2> /dev/null; then
      found "$PUSH_BEFORE" "what the push replaced"
    fi
    ;;
esac

# A new branch, a force push whose old commit is gone, a schedule, a run by hand.
tip=$(default_branch) || tip=
head=$(git rev-parse HEAD)
if [[ -z $tip || $tip == "$head" ]]; then
  shallow && get --depth=2 origin "$head" 2> /dev/null || true
  if have "HEAD^1"; then found "$(git rev-parse "HEAD^1")" "parent of HEAD"; fi
  none "nothing to compare HEAD with"
fi
base=$(merge_base "$tip") || fail "no merge base with $DEFAULT_BRANCH: check out with \`fetch-depth: 0\`"
found "$base" "merge base with $DEFAULT_BRANCH"
