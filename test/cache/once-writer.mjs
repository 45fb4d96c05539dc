// Wants an entry, as an execution would: `node once-writer.mjs <cache> <log>`.
// Writes what happens into the log, a line each, and ends writing when `<log>.go` exists.
import { appendFileSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openCache } from "../../dist/engine/cache/cache.js";

const [folder, log] = process.argv.slice(2);
const say = (what) => appendFileSync(log, `${what}\n`);
const { once, stores } = openCache(folder);
const name = { type: "test" };
const { published } = await once.wait(
  {
    ...{ id: stores.id(name), name, entry: "entry" },
    async write(path) {
      say(`writing ${process.pid}`);
      while (!existsSync(`${log}.go`)) await new Promise((resolve) => setTimeout(resolve, 5));
      writeFileSync(join(path, "data"), "data");
      return {};
    },
  },
  { signal: new AbortController().signal, onWait: () => say(`waiting ${process.pid}`) },
);
say(`${published.isOwn ? "wrote" : "got"} ${process.pid}`);
