import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openFolderStore } from "../../engine/remote/objects/folder.ts";
import { ObjectError, type ObjectStore } from "../../engine/remote/objects/object-store.ts";
import { kept, machine, make, notes, pipeline, remoteFolder, remoteOf, runWith } from "./machines.ts";

describe("a transfer that is cut", () => {
  /** Fails for good after so many objects have been read or written. */
  const cutAfter = (count: number) => async (): Promise<ObjectStore> => {
    const store = openFolderStore(remoteFolder);
    let left = count;
    const pass = <Result>(work: () => Promise<Result>): Promise<Result> =>
      left-- > 0 ? work() : Promise.reject(new ObjectError("away", "it was cut"));
    return {
      ...store,
      read: (...args) => pass(() => store.read(...args)),
      write: (...args) => pass(() => store.write(...args)),
    };
  };
  const short = { patienceMs: 10, silenceMs: 1000 };

  test("goes on where it was, both ways, wherever it was cut", async () => {
    const text = pipeline("small: 50, entries: 5, megabytes: 60");
    const one = machine();
    const record = await one.run(text);
    const keyRecord = one.cache.keys.read(make(record)?.key ?? "");
    if (keyRecord === undefined) throw new Error("no record");
    for (let cut = 1; ; cut++) {
      const remote = remoteOf(one, { open: cutAfter(cut), ...short });
      remote.push({ step: "make", record: keyRecord });
      const { pushed } = await remote.close();
      if (pushed === 1) break;
      // No key is there before all that it names.
      expect(existsSync(join(remoteFolder, "keys"))).toBe(false);
    }
    const two = machine();
    const bytes: number[] = [];
    for (let cut = 3; bytes.length < 20; cut++) {
      const remote = remoteOf(two, { open: cutAfter(cut), ...short, push: "never" });
      const done: number[] = [];
      const found = await remote.fetch({
        ...{ key: keyRecord.key, step: "make", folderOf: () => undefined },
        onProgress: (sum) => void done.push(sum),
      });
      bytes.push(done.at(-1) ?? 0);
      if (found !== undefined) break;
    }
    expect(kept(two)).toEqual(kept(one));
    expect(existsSync(join(two.cache.folder, "incoming", "x"))).toBe(false);
    expect(readdirSync(join(two.cache.folder, "incoming"))).toEqual([]);
  });

  test("costs a run no more than ten seconds in all, and fails nothing", async () => {
    await runWith(machine(), pipeline("small: 2"));
    notes.length = 0;
    const asked = { times: 0 };
    const away = async (): Promise<ObjectStore> => {
      const refuse = (): Promise<never> => {
        asked.times++;
        return Promise.reject(new ObjectError("away", "nobody answers"));
      };
      return { ...openFolderStore(remoteFolder), read: refuse, has: refuse, write: refuse };
    };
    const began = performance.now();
    const record = await runWith(machine(), pipeline("small: 2"), { open: away });
    expect(make(record)?.outcome).toBe("ran");
    expect(performance.now() - began).toBeLessThan(10_000);
    expect(notes).toEqual(["the remote: nobody answers; the run goes on without it"]);
    expect(asked.times).toBeLessThan(10);
  });

  test("by a server that was only busy is tried again", async () => {
    await runWith(machine(), pipeline("small: 2"));
    let refusals = 3;
    const busy = async (): Promise<ObjectStore> => {
      const store = openFolderStore(remoteFolder);
      return {
        ...store,
        read: (...args) =>
          refusals-- > 0 ? Promise.reject(new ObjectError("away", "503")) : store.read(...args),
      };
    };
    expect(make(await runWith(machine(), pipeline("small: 2"), { open: busy }))?.outcome).toBe("cached");
    expect(notes).toEqual([]);
  });
});
