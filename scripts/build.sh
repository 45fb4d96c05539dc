#!/bin/sh
# Builds dist/ whole or not at all: compiles into a folder of its own, swaps it
# in by rename, with the stamp: the digest of the sources from before the compiler read them.
# Two builds at once each swap in a complete result.
set -eu
cd "$(dirname -- "$0")/.."
new=.dist.$$.new
old=.dist.$$.old
trap 'rm -rf "$new" "$old"' EXIT
trap 'exit 130' INT TERM
mkdir "$new"
sh scripts/digest.sh > "$new/.stamp"
node node_modules/typescript/bin/tsc -p tsconfig.json --outDir "$new"
chmod +x "$new/flow.js"
# rename(2) refuses to replace a folder that is not empty, where mv would move into it.
node -e '
const { renameSync, existsSync } = require("node:fs");
try { renameSync("dist", process.argv[2]); } catch {}
try { renameSync(process.argv[1], "dist"); } catch (error) { if (!existsSync("dist/.stamp")) throw error; }
' "$new" "$old"
