#!/usr/bin/env bash
# Names the release archive for this runner. An empty name says that there is none, and that driftgate has to be built.
set -euo pipefail

version=${DRIFTGATE_VERSION#v}
# The version becomes part of a URL and of a path.
if [[ ! $version =~ ^[0-9]+\.[0-9]+\.[0-9]+(-[0-9A-Za-z.]+)?$ ]]; then
  echo "::error title=driftgate::\`version\` has to be a version number such as 0.1.0"
  exit 2
fi

case "$RUNNER_OS-$RUNNER_ARCH" in
  Linux-X64) name=driftgate-x86_64-unknown-linux-musl.tar.gz ;;
  Linux-ARM64) name=driftgate-aarch64-unknown-linux-musl.tar.gz ;;
  macOS-X64) name=driftgate-x86_64-apple-darwin.tar.gz ;;
  macOS-ARM64) name=driftgate-aarch64-apple-darwin.tar.gz ;;
  Windows-X64) name=driftgate-x86_64-pc-windows-msvc.zip ;;
  *) name= ;;
esac

{
  echo "version=$version"
  echo "name=$name"
  echo "folder=$RUNNER_TEMP/driftgate-archive"
} >> "$GITHUB_OUTPUT"
