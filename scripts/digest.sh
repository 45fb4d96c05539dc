#!/bin/sh
# Prints the digest of files, or without arguments of all that a build is made
# of: paths and contents, never times. An update that keeps old times is seen,
# and a copy is the same.
set -eu
cd "$(dirname -- "$0")/.."
export LC_ALL=C
if command -v sha256sum >/dev/null; then sum=sha256sum
elif command -v shasum >/dev/null; then sum='shasum -a 256'
else sum=cksum; fi
if [ $# -gt 0 ]; then
  $sum "$@"
else
  # shellcheck disable=SC2086
  find flow.ts cli engine steps package.json tsconfig.json scripts/build.sh -type f \
    \( -name '*.ts' -o -name '*.js' -o -name '*.json' -o -name build.sh \) -exec $sum {} + | sort
fi
