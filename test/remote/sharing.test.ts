import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openFolderStore } from "../../engine/remote/objects/folder.ts";
import { ObjectError, type ObjectStore } from "../../engine/remote/objects/object-store.ts";
import {
  kept,
  machine,
  make,
  notes,
  objects,
  pipeline,
  remoteFolder,
  remoteOf,
  runWith,
} from "./machines.ts";

// Results that others have made.

describe("a second machine", () => {
  test("has everything from the first, to the byte, and computes nothing", async () => {
    const [one, two] = [machine(), machine()];
    const text = pipeline("entries: 300, megabytes: 40");
    expect(make(await runWith(one, text))).toMatchObject({ outcome: "ran" });
    const record = await runWith(two, text);
    expect(make(record)).toMatchObject({ outcome: "cached", remote: "the remote", from: "run-0" });
    expect(kept(two)).toEqual(kept(one));
    expect(notes).toEqual([]);
    expect(make(await two.run(text))).toMatchObject({ outcome: "cached" });
    // Two entries' files, the small files, a large one in parts, three lists: few objects.
    expect(objects().length).toBeLessThan(12);
  });

  test("of what changes a little gets and sends a little", async () => {
    const [one, two] = [machine(), machine()];
    await runWith(one, pipeline("small: 500, entries: 40, megabytes: 20"));
    await runWith(two, pipeline("small: 500, entries: 40, megabytes: 20"));
    const before = objects().length;
    const remote = remoteOf(two);
    await two.run(pipeline("small: 501, entries: 41, megabytes: 20"), { remote });
    const { pushed, pushedBytes } = await remote.close();
    expect({ pushed, new: objects().length - before }).toEqual({ pushed: 1, new: 3 });
    expect(pushedBytes).toBeLessThan(60_000);
    const three = machine();
    expect(make(await runWith(three, pipeline("small: 501, entries: 41, megabytes: 20")))?.outcome).toBe(
      "cached",
    );
    // The other has what it had before as well.
    expect(kept(two)).toMatchObject(kept(three));
  });

  test("ten thousand small files are a few objects", async () => {
    await runWith(machine(), pipeline("small: 10000"));
    expect(objects().length).toBeLessThan(60);
    const asked = { reads: 0 };
    const counting = async (): Promise<ObjectStore> => {
      const store = openFolderStore(remoteFolder);
      return {
        ...store,
        read(...args) {
          asked.reads++;
          return store.read(...args);
        },
      };
    };
    expect(make(await runWith(machine(), pipeline("small: 10000"), { open: counting }))?.outcome).toBe(
      "cached",
    );
    expect(asked.reads).toBeLessThan(60);
  });

  test("that may only read computes what is not there, and says that it sends nothing", async () => {
    await runWith(machine(), pipeline("small: 3"));
    const readOnly = async (): Promise<ObjectStore> => ({
      ...openFolderStore(remoteFolder),
      write: async () => {
        throw new ObjectError("refused", "may not be written");
      },
    });
    expect(make(await runWith(machine(), pipeline("small: 3"), { open: readOnly }))?.outcome).toBe("cached");
    expect(make(await runWith(machine(), pipeline("small: 4"), { open: readOnly }))?.outcome).toBe("ran");
    expect(notes).toEqual(["the remote: may not be written; what was made is not sent"]);
    notes.length = 0;
    await runWith(machine(), pipeline("small: 5"), { open: readOnly, push: "never" });
    expect(notes).toEqual([]);
  });

  test("two that send the same at once are harmless", async () => {
    const text = pipeline("entries: 20, megabytes: 5");
    await Promise.all([runWith(machine(), text), runWith(machine(), text)]);
    expect(notes).toEqual([]);
    expect(make(await runWith(machine(), text))?.outcome).toBe("cached");
  });
});

test("whatever a result is made of, it comes over whole", async () => {
  const [one, two] = [machine(), machine()];
  await fc.assert(
    fc.asyncProperty(
      fc.nat({ max: 40 }),
      fc.nat({ max: 12 }),
      fc.nat({ max: 18 }),
      async (small, entries, megabytes) => {
        const text = pipeline(`small: ${small}, entries: ${entries}, megabytes: ${megabytes}`);
        await runWith(one, text);
        expect(make(await runWith(two, text))?.outcome).toBe("cached");
      },
    ),
    { numRuns: 15 },
  );
  expect(kept(two).artifacts).toEqual(kept(one).artifacts);
  expect(notes).toEqual([]);
});

test("something else that is kept there is left alone", async () => {
  mkdirSync(remoteFolder);
  writeFileSync(join(remoteFolder, "flow.json"), '{"name":"a project"}');
  expect(make(await runWith(machine(), pipeline("small: 2")))?.outcome).toBe("ran");
  expect(notes[0]).toContain("something else is kept there");
  expect(readdirSync(remoteFolder)).toEqual(["flow.json"]);
});
