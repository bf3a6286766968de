#!/usr/bin/env bash
# One analysis, written as annotations, step summary and outputs, and as files for what comes after. Its exit code is the step's.
set -euo pipefail

mkdir -p "$DRIFTGATE_REPORTS"
args=(
  check --format github
  --output "json=$DRIFTGATE_REPORTS/report.json"
  --output "sarif=$DRIFTGATE_REPORTS/report.sarif"
  --output "markdown=$DRIFTGATE_REPORTS/comment.md"
)
if [[ -n ${DRIFTGATE_BASE:-} ]]; then args+=(--base "$DRIFTGATE_BASE" --base-exact --require-base); fi
if [[ -n ${INPUT_FAIL_ON:-} ]]; then args+=(--fail-on "$INPUT_FAIL_ON"); fi
if [[ -n ${INPUT_ACCEPT_LABEL:-} ]]; then args+=("--accept-label=$INPUT_ACCEPT_LABEL"); fi
input=${INPUT_ARGS:-}
read -r -a more <<< "${input//$'\n'/ }"

exec driftgate "${args[@]}" ${more[@]+"${more[@]}"}
