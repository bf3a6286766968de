#!/usr/bin/env bash
# Keeps one comment on the pull request: made where something is to be said, edited afterwards, and edited to say that all is well
# again. Never a second one, and never a failed step: a token of a fork may not write.
set -euo pipefail

marker="<!-- driftgate:${GITHUB_WORKFLOW:-}:${GITHUB_JOB:-} -->"
comments="repos/$GITHUB_REPOSITORY/issues/$PR_NUMBER/comments"

# Elsewhere than on github.com, `gh` has to be told where it is.
if [[ -n ${GITHUB_SERVER_URL:-} ]]; then export GH_HOST=${GITHUB_SERVER_URL#*://}; fi

skip() {
  echo "::notice title=driftgate::the comment was left out: $1"
  exit 0
}

# The job's own token cannot ask who it is; comments made with it are by this bot.
me=$(gh api user --jq .login 2> /dev/null) || me='github-actions[bot]'
export marker me
# shellcheck disable=SC2016 # The filter is jq's, and reads the environment by itself.
filter='.[] | select(.user.login == env.me and (.body | startswith(env.marker))) | .id'
ids=$(gh api --paginate "$comments?per_page=100" --jq "$filter" 2> /dev/null) || skip "the comments cannot be read"
id=$(head -n 1 <<< "$ids")

body=$RUNNER_TEMP/driftgate-comment.md
{
  echo "$marker"
  if [[ $DRIFTGATE_VERDICT == compatible && -n $id ]]; then
    echo "### ✔ driftgate: resolved"
    echo
    echo "Nothing in this change breaks a consumer any more."
    echo
  fi
  cat "$DRIFTGATE_COMMENT"
} > "$body"

if [[ -n $id ]]; then
  gh api --silent --method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$id" -F "body=@$body" || skip "it cannot be edited"
elif [[ $DRIFTGATE_VERDICT != compatible ]]; then
  gh api --silent --method POST "$comments" -F "body=@$body" || skip "the token may not write comments"
fi
