#!/usr/bin/env bash
# Puts one released version of driftgate on the PATH: from the cache or the release, and only where the checksum is right.
# Where there is no archive for this runner, or none can be had, the same version is built from its published source.
set -euo pipefail

releases=${DRIFTGATE_RELEASES:-https://github.com/driftgate/driftgate/releases/download}
bin=$RUNNER_TEMP/driftgate-bin
archive=$DRIFTGATE_FOLDER/$DRIFTGATE_ARCHIVE
mkdir -p "$bin" "$DRIFTGATE_FOLDER"

# Of what it reads, not of a name: on Windows a name with a backslash would change the form of the answer.
sum() {
  if command -v sha256sum > /dev/null; then sha256sum < "$1"; else shasum -a 256 < "$1"; fi | cut -d ' ' -f 1
}

download() {
  curl --fail --silent --show-error --location --retry 3 --output "$2" "$releases/v$DRIFTGATE_VERSION/$1"
}

build() {
  echo "building driftgate $DRIFTGATE_VERSION: $1"
  cargo install driftgate --version "=$DRIFTGATE_VERSION" --locked --root "$RUNNER_TEMP/driftgate-cargo"
  cp "$RUNNER_TEMP"/driftgate-cargo/bin/driftgate* "$bin/"
}

# What the archive must hash to: as the user says, as the list beside this script says, or as the release says of itself.
expected() {
  if [[ -n ${DRIFTGATE_SHA256:-} ]]; then
    echo "$DRIFTGATE_SHA256"
    return
  fi
  local listed
  listed=$(awk -v v="$DRIFTGATE_VERSION" -v n="$DRIFTGATE_ARCHIVE" '$1 == v && $2 == n { print $3 }' \
    "$GITHUB_ACTION_PATH/.github/action/checksums.txt")
  if [[ -z $listed ]]; then
    download SHA256SUMS "$RUNNER_TEMP/driftgate-sums" || return 1
    listed=$(awk -v n="$DRIFTGATE_ARCHIVE" '$2 == n || $2 == "*" n { print $1 }' "$RUNNER_TEMP/driftgate-sums")
  fi
  echo "$listed"
}

install() {
  if [[ -z $DRIFTGATE_ARCHIVE ]]; then
    build "there is no archive for $RUNNER_OS on $RUNNER_ARCH"
    return
  fi
  local want got
  if ! want=$(expected); then
    build "the release cannot be reached"
    return
  fi
  if [[ ! $want =~ ^[0-9a-fA-F]{64}$ ]]; then
    echo "::error title=driftgate::no checksum is known for $DRIFTGATE_ARCHIVE of version $DRIFTGATE_VERSION"
    exit 2
  fi
  # A cache can be written by other workflows, so what comes from it is checked like a download.
  if [[ ! -f $archive || $(sum "$archive") != "$want" ]]; then
    if ! download "$DRIFTGATE_ARCHIVE" "$archive"; then
      rm -f "$archive"
      build "the archive cannot be had"
      return
    fi
  fi
  got=$(sum "$archive")
  if [[ $got != "$want" ]]; then
    echo "::error title=driftgate::$DRIFTGATE_ARCHIVE has the checksum $got, and $want was expected"
    rm -f "$archive"
    exit 2
  fi
  case "$archive" in
    *.zip) unzip -oq "$archive" -d "$bin" ;;
    *) tar -xzf "$archive" -C "$bin" --strip-components=1 ;;
  esac
}

install
echo "$bin" >> "$GITHUB_PATH"
"$bin/driftgate" --version
