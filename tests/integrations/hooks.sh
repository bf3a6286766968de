#!/usr/bin/env bash
# pre-commit and prek install the hook from this repository, pass a commit that keeps the wire form and stop one that breaks it.
set -euo pipefail
: "${root:?run tests/integrations.sh}" "${scratch:?}" "${tools:?}"
# shellcheck source=tests/integrations/sample.sh
source "$root/tests/integrations/sample.sh"

# Every run of `try-repo` clones and installs into folders of its own. They lie in the target folder, so that what cargo has compiled
# of the dependencies serves them and this repository's own builds alike; and what the first `cargo install` has made of a commit is
# handed to the others. The program itself need not be fast here.
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target}
mkdir -p "$CARGO_TARGET_DIR"
home=$(mktemp -d -p "$CARGO_TARGET_DIR")
trap 'rm -rf "$home"' EXIT
mkdir "$home/.cargo" "$home/bin"
printf '[profile.release.package.driftgate]\nopt-level = 0\ncodegen-units = 64\n' > "$home/.cargo/config.toml"
real=$(rustc --print sysroot)/bin/cargo
[[ -x $real ]] || real=$(command -v cargo)
# Where there is a rustup, prek runs the cargo of a toolchain of its choice, and the one below would never be asked.
path=$(tr ':' '\n' <<< "$PATH" | while read -r folder; do [[ -x $folder/rustup ]] || echo "$folder"; done | paste -sd ':')
ln -s "$(dirname "$real")/rustc" "$home/bin/rustc"
cat > "$home/bin/cargo" <<SHIM
#!/usr/bin/env bash
set -euo pipefail
[[ \$1 == install ]] || exec "$real" "\$@"
made=$home/made-\$(git rev-parse 'HEAD^{tree}')
arguments=("\$@")
while [[ \$# -gt 0 && \$1 != --root ]]; do shift; done
if [[ \$# -gt 1 && -f \$made ]]; then
  mkdir -p "\$2/bin"
  cp "\$made" "\$2/bin/driftgate"
  exit
fi
# As the lock file says: a new release of a dependency is not what is tested here, and would be built anew.
[[ " \${arguments[*]} " == *" --locked "* ]] || arguments+=(--locked)
"$real" "\${arguments[@]}"
if [[ \$# -gt 1 ]]; then cp "\$2/bin/driftgate" "\$made"; fi
echo built >> "$home/builds"
SHIM
chmod +x "$home/bin/cargo"
export PATH="$home/bin:$tools/py/bin:$path" TMPDIR=$home PRE_COMMIT_HOME=$home/pre-commit PREK_HOME=$home/prek

for runner in pre-commit prek; do
  echo "-- $runner"
  git init --quiet "$scratch/repository-$runner"
  cd "$scratch/repository-$runner"
  service customerId
  git add . && git commit --quiet -m base

  printf '\n// A comment changes nothing on the wire.\n' >> src/lib.rs
  git add .
  "$runner" try-repo "$root" driftgate --verbose
  git commit --quiet -m comment

  service customer_id
  git add .
  if "$runner" try-repo "$root" driftgate --verbose > "$scratch/out" 2>&1; then
    echo "the commit that breaks crm-sync was let through"
    cat "$scratch/out"
    exit 1
  fi
  grep -q field-renamed "$scratch/out"
  cd "$root"
done
echo "cargo has built it $(wc -l < "$home/builds") time(s)"
