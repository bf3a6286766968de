#!/usr/bin/env bash
# The reports against the validators of those who read them.
set -euo pipefail
: "${root:?run tests/integrations.sh}" "${scratch:?}" "${tools:?}"

reports=$scratch/reports
mkdir -p "$reports"
DRIFTGATE_REPORTS_DIR=$reports cargo test --quiet --locked --lib \
  report::tests::a_report_with_everything_in_it_is_written_in_every_form

# And one of the program itself, with a fix in it.
# shellcheck source=tests/integrations/sample.sh
source "$root/tests/integrations/sample.sh"
git init --quiet "$scratch/reported"
cd "$scratch/reported"
service customerId
git add . && git commit --quiet -m base
service customer_id
outputs=()
for form in json sarif gitlab junit markdown; do outputs+=(--output "$form=$reports/real.$form"); done
code=0
"${DRIFTGATE_BINARY:?}" check --base HEAD --quiet "${outputs[@]}" > /dev/null || code=$?
[[ $code == 1 ]]
jq -e '.runs[0].results[0].fixes[0].artifactChanges[0].replacements | length == 1' "$reports/real.sarif" > /dev/null
cd "$root"

schema() { "$tools/py/bin/check-jsonschema" "$@"; }
multitool=$tools/js/node_modules/@microsoft/sarif-multitool-linux

echo "-- JSON: our own schema, and that one against its draft"
schema --check-metaschema "$reports/report.schema.json"
for sample in rich plain clean real; do
  schema --default-filetype json --schemafile "$reports/report.schema.json" "$reports/$sample.json"
done

echo "-- SARIF: the schema, and GitHub's ingestion rules"
for sample in rich plain clean real; do
  schema --default-filetype json --schemafile "$multitool/sarif-2.1.0.json" "$reports/$sample.sarif"
  # Its exit code says nothing, its own report does.
  DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 "$multitool/Sarif.Multitool" validate "$reports/$sample.sarif" \
    --rule-kind 'Sarif;Ghas' --level 'Error;Warning;Note' -o "$reports/$sample.out.sarif" --log ForceOverwrite > /dev/null
  "$tools/py/bin/python" - "$reports/$sample.out.sarif" <<'PYTHON'
import json, sys

found = json.load(open(sys.argv[1], encoding="utf-8"))["runs"][0].get("results", [])
bad = [r for r in found if r["ruleId"].startswith(("GH", "JSON")) or r.get("level") in ("error", "warning")]
for result in bad:
    print(result["ruleId"], result.get("level"), json.dumps(result["message"]))
sys.exit(bool(bad))
PYTHON
done
"$tools/py/bin/sarif" summary "$reports/rich.sarif" > /dev/null

echo "-- GitLab Code Quality: our schema of it"
for sample in rich plain clean real; do
  schema --default-filetype json --schemafile src/report/gitlab.schema.json "$reports/$sample.gitlab"
done

echo "-- JUnit: junitparser"
"$tools/py/bin/python" - "$reports" <<'PYTHON'
import sys
from junitparser import Failure, JUnitXml, Skipped

for name, tests, failures, skipped in [("rich", 3, 2, 1), ("plain", 1, 1, 0), ("clean", 1, 0, 0), ("real", 1, 1, 0)]:
    read = JUnitXml.fromfile(f"{sys.argv[1]}/{name}.junit")
    cases = [case for suite in read for case in suite]
    kinds = [type(result) for case in cases for result in case.result]
    counted = (len(cases), kinds.count(Failure), kinds.count(Skipped))
    assert counted == (read.tests, read.failures, read.skipped) == (tests, failures, skipped), (name, counted)
    assert all(case.classname and case.name for case in cases)
PYTHON

echo "-- Markdown: GitHub's own parser, which must find no element that a name brought in"
"$tools/py/bin/python" - "$reports" <<'PYTHON'
import re, sys
import cmarkgfm
from cmarkgfm.cmark import Options

ours = set("code details h3 li p pre strong sub summary table tbody td th thead tr ul".split())
for name in ["rich", "plain", "clean", "real"]:
    text = open(f"{sys.argv[1]}/{name}.markdown", encoding="utf-8").read()
    html = cmarkgfm.github_flavored_markdown_to_html(text, Options.CMARK_OPT_UNSAFE)
    assert set(re.findall(r"<([a-z][a-z0-9]*)", html)) <= ours, name
    # A row that a name has cut in two would leave a cell of another number.
    for row in re.findall(r"<tr>.*?</tr>", html, re.S):
        assert row.count("</t") - 1 in (3, 6), row
PYTHON

echo "-- Mermaid: its own parser"
cat > "$tools/js/picture.mjs" <<'NODE'
import { readFileSync } from "node:fs";
import { JSDOM } from "jsdom";

const { window } = new JSDOM("");
Object.assign(globalThis, { window, document: window.document });
const { default: mermaid } = await import("mermaid");
for (const file of process.argv.slice(2)) {
  const [, picture] = readFileSync(file, "utf8").match(/```mermaid\n([^]*?)```/);
  await mermaid.parse(picture);
}
const broken = await mermaid.parse('flowchart LR\n a["x"y"]', { suppressErrors: true });
process.exit(broken === false ? 0 : 1);
NODE
(cd "$tools/js" && node picture.mjs "$reports"/{rich,plain,real}.markdown)
