import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { newWorkplace, type Workplace } from "../cli/flow.ts";
import { type Faulty, startFaulty } from "./faults.ts";
import { bucket, environment, freePort, type S3Server, startS3, withoutServer } from "./s3-server.ts";

// Sharing as people do it, with a real server of S3's kind.

// biome-ignore lint/suspicious/noConsole: a skip says why
if (withoutServer !== undefined) console.log(`skipped: ${withoutServer}`);

const pipeline = `name: shared
params: { word: hello }
steps:
  make: { uses: command, with: { run: "echo \${params.word} > \${outputs.out}/word; seq 20000 > \${outputs.out}/numbers", outputs: [out] } }
  count: { uses: command, inputs: { text: make.out }, with: { run: "wc -w < \${inputs.text}/numbers > \${outputs.out}/count", outputs: [out] } }
`;

const places: Workplace[] = [];
afterEach(() => {
  for (const place of places.splice(0)) place.remove();
});
function machine(remote: string | undefined): Workplace {
  const place = newWorkplace();
  places.push(place);
  place.write("p.yaml", pipeline);
  if (remote !== undefined) place.write("flow.config.yaml", `remote: ${remote}\n`);
  return place;
}

describe.skipIf(withoutServer !== undefined)("with a server", () => {
  let server: S3Server;
  let faulty: Faulty;
  let env: Readonly<Record<string, string>>;
  let name = "";
  let prefixes = 0;
  beforeAll(async () => {
    server = await startS3();
  });
  afterAll(() => server.stop());
  beforeEach(async () => {
    faulty = await startFaulty(server.port);
    env = environment(faulty.port);
    name = `s3://${bucket}/${prefixes++}`;
  });
  afterEach(() => faulty.close());

  test("a second person finds everything cached; what they change is computed, and there for the first", async () => {
    const [one, two] = [machine(name), machine(name)];
    const first = await one.flow(["run", "p.yaml"], env);
    expect(first).toMatchObject({ code: 0, stderr: "" });
    expect(first.stdout).toMatch(new RegExp(`^remote: 2 results sent \\(.*\\): ${name}$`, "m"));
    const second = await two.flow(["run", "p.yaml"], env);
    expect(second).toMatchObject({ code: 0, stderr: "" });
    expect(second.stdout).toMatch(new RegExp(`^count +cached +from ${name}`, "m"));
    expect(second.stdout).toMatch(/^remote: 2 results fetched /m);
    const { make, count } = two.record().steps;
    expect([make, count]).toEqual([
      expect.objectContaining({ outcome: "cached", remote: name, from: one.record().id }),
      expect.objectContaining({ outcome: "cached", remote: name, from: one.record().id }),
    ]);
    expect(count?.outputs).toEqual(one.record().steps.count?.outputs);
    expect((await two.flow(["run", "p.yaml", "-S", "word=bye"], env)).stdout).toContain("2 ran");
    expect((await one.flow(["run", "p.yaml", "-S", "word=bye"], env)).stdout).toContain("2 cached");
    // With all of it here nothing is asked.
    const asked = faulty.asked.length;
    const again = await two.flow(["run", "p.yaml"], env);
    expect(again.stdout).toContain("2 cached");
    expect(again.stdout).not.toContain("remote");
    expect(faulty.asked.length).toBe(asked);
  });

  test("no credentials are in any file, record, key, or line that is printed", async () => {
    const place = machine(name);
    const printed = [
      await place.flow(["run", "p.yaml", "-v"], env),
      await place.flow(["run", "p.yaml", "-f", "--json"], env),
      await place.flow(["push", "p.yaml"], env),
      await place.flow(["remote", "check"], env),
      await place.flow(["doctor"], env),
    ];
    faulty.decide = () => ({ kind: "status", status: 403, body: "<Code>SignatureDoesNotMatch</Code>" });
    printed.push(await place.flow(["run", "p.yaml", "-S", "word=other"], env));
    printed.push(await place.flow(["pull", "p.yaml"], env));
    const files = readdirSync(place.root, { recursive: true, withFileTypes: true })
      .filter((one) => one.isFile())
      .map((one) => readFileSync(join(one.parentPath, one.name), "latin1"));
    expect(files.length).toBeGreaterThan(20);
    const secrets = /AKIDFORTESTS|a-secret\/of\+tests|a-secret%2Fof/;
    expect(
      [...files, ...printed.map(({ stdout, stderr }) => stdout + stderr)].filter((text) =>
        secrets.test(text),
      ),
    ).toEqual([]);
    // Nor does the server get them.
    expect(faulty.asked.filter(({ url }) => secrets.test(url))).toEqual([]);
  });

  test.each([
    [
      "wrong credentials",
      () => ({ kind: "status", status: 403, body: "<Code>InvalidAccessKeyId</Code>" }) as const,
      /the access key is not known there/,
    ],
    [
      "a bucket that is not there",
      () => ({ kind: "status", status: 404, body: "<Code>NoSuchBucket</Code>" }) as const,
      /there is no bucket results/,
    ],
    ["a server that is silent", () => ({ kind: "silent" }) as const, /has not answered/],
  ])("%s fails no run, and costs it no more than ten seconds", async (_, fault, words) => {
    const place = machine(name);
    faulty.decide = fault;
    const { code, stderr } = await place.flow(["run", "p.yaml"], env);
    expect(code).toBe(0);
    expect(stderr).toMatch(words);
    expect(stderr.split("\n").filter(Boolean)).toHaveLength(1);
    expect(place.record().seconds).toBeLessThan(12);
    expect(Object.values(place.record().steps).map(({ outcome }) => outcome)).toEqual(["ran", "ran"]);
  });

  test.each([
    ["garbled", { kind: "garble" }],
    ["short", { kind: "shorten" }],
  ] as const)("objects that come %s are not used", async (_, fault) => {
    await machine(name).flow(["run", "p.yaml"], env);
    faulty.decide = ({ method, url }) => (method === "GET" && url.includes("/objects/") ? fault : undefined);
    const place = machine(name);
    const { code, stdout, stderr } = await place.flow(["run", "p.yaml", "--push", "never"], env);
    expect(code).toBe(0);
    expect(stdout).toContain("2 ran");
    expect(stderr).toMatch(/what it has of make is damaged and not used/);
  });

  test("connections that are cut, now and then, are made again", async () => {
    let requests = 0;
    faulty.decide = ({ method }) => {
      if (requests++ % 3 !== 1) return undefined;
      return method === "PUT" ? { kind: "cutUpload", after: 10 } : { kind: "cut", after: 10 };
    };
    expect(await machine(name).flow(["run", "p.yaml"], env)).toMatchObject({ code: 0, stderr: "" });
    const second = await machine(name).flow(["run", "p.yaml"], env);
    expect(second).toMatchObject({ code: 0, stderr: "" });
    expect(second.stdout).toContain("2 cached");
  });

  test("push sends what was made without, and mends what is gone; pull fetches, and computes nothing", async () => {
    const [one, two] = [machine(name), machine(name)];
    await one.flow(["run", "p.yaml", "--no-remote"], env);
    expect(faulty.asked).toEqual([]);
    const unmade = await two.flow(["pull", "p.yaml"], env);
    expect(unmade).toMatchObject({ code: 3 });
    expect(unmade.stdout).toBe("make   not in the remote\ncount  needs what is not in the remote\n");
    expect((await one.flow(["push", "p.yaml"], env)).stdout).toMatch(/^remote: 2 results sent /);
    expect((await one.flow(["push", "p.yaml"], env)).stdout).toBe(`remote: everything is there: ${name}\n`);
    expect((await two.flow(["pull", "p.yaml/make"], env)).stdout).toMatch(
      /^make {2}fetched\nremote: 1 result fetched /,
    );
    const document = JSON.parse((await two.flow(["pull", "p.yaml", "--json"], env)).stdout);
    expect(document).toMatchObject({
      ...{ remote: name, fetched: 1, problems: [] },
      steps: [
        { step: "make", outcome: "here" },
        { step: "count", outcome: "fetched" },
      ],
    });
    expect((await two.flow(["run", "p.yaml", "--no-remote"], env)).stdout).toContain("2 cached");
    const object = faulty.asked.find(({ method, url }) => method === "PUT" && url.includes("/objects/"));
    await fetch(`http://127.0.0.1:${server.port}${object?.url}`, { method: "DELETE" });
    expect((await one.flow(["push", "p.yaml"], env)).stdout).toMatch(/^remote: \d results? sent /);
    expect((await machine(name).flow(["run", "p.yaml"], env)).stdout).toContain("2 cached");
  });

  test("what a transfer does is told to scripts, with 4 where the remote is to blame", async () => {
    const place = machine(name);
    await place.flow(["run", "p.yaml", "--no-remote"], env);
    faulty.decide = () => ({ kind: "status", status: 403, body: "<Code>AccessDenied</Code>" });
    const { code, stdout } = await place.flow(["push", "p.yaml", "--json"], env);
    expect(code).toBe(4);
    expect(JSON.parse(stdout)).toMatchObject({
      ...{ pushed: 0, bytes: 0, lacking: [] },
      problems: [expect.stringContaining("may not do this in the bucket")],
    });
  });

  test("remote check says whether it can be reached, read and written", async () => {
    const place = machine(name);
    const good = await place.flow(["remote", "check"], env);
    expect(good.code).toBe(0);
    expect(good.stdout).toMatch(
      /^reach {2}s3:\/\/.*nothing of flow's is there yet \(\d+ ms\)\nread {3}yes\nwrite {2}yes, [\d.]+ MB\/s\n$/,
    );
    faulty.decide = ({ method }) =>
      method === "PUT" ? { kind: "status", status: 403, body: "<Code>AccessDenied</Code>" } : undefined;
    const readOnly = await place.flow(["remote", "check", "--json"], env);
    expect(readOnly.code).toBe(0);
    expect(JSON.parse(readOnly.stdout)).toMatchObject({
      ok: true,
      tried: [{ ok: true }, { ok: true }, { ok: false }],
    });
    const without = await place.flow(["remote", "check"], {
      AWS_ENDPOINT_URL: env.AWS_ENDPOINT_URL ?? "",
      HOME: place.root,
    });
    expect(without).toMatchObject({
      code: 4,
      stdout: expect.stringContaining("there are no credentials for S3"),
    });
    const nobody = await place.flow(["remote", "check"], {
      ...env,
      AWS_ENDPOINT_URL: `http://127.0.0.1:${await freePort()}`,
    });
    expect(nobody).toMatchObject({
      code: 4,
      stdout: expect.stringContaining("cannot be reached (ECONNREFUSED)"),
    });
  }, 30_000);

  test("Ctrl-C while results are sent ends it, and push sends the rest", async () => {
    const place = machine(name);
    faulty.decide = ({ method }) => (method === "PUT" ? { kind: "slow", milliseconds: 2500 } : undefined);
    const running = place.start(["run", "p.yaml"], env);
    let heard = "";
    running.child.stderr?.on("data", (data) => {
      heard += data;
      if (heard.includes("still sending")) running.child.kill("SIGINT");
    });
    const { stderr } = await running.finished;
    expect(stderr).toContain(`Note: still sending to ${name}; Ctrl-C leaves the rest to \`flow push\``);
    faulty.decide = () => undefined;
    expect((await place.flow(["push", "p.yaml"], env)).code).toBe(0);
    expect((await machine(name).flow(["run", "p.yaml"], env)).stdout).toContain("2 cached");
  });
});

describe("a folder", () => {
  test("shared by two, as the configuration or the command names it", async () => {
    const [one, two] = [machine(undefined), machine(undefined)];
    const remote = join(one.root, "remote");
    expect((await one.flow(["run", "p.yaml", "--remote", remote])).stdout).toContain("2 results sent");
    two.write("flow.config.yaml", `remote: ${remote}\npush: never\n`);
    expect((await two.flow(["run", "p.yaml"])).stdout).toContain("2 results fetched");
    const changed = await two.flow(["run", "p.yaml", "-S", "word=bye"]);
    expect(changed.stdout).not.toContain("sent");
    expect((await two.flow(["run", "p.yaml", "-S", "word=so", "--push", "auto"])).stdout).toContain(
      "2 results sent",
    );
  });

  test("that is not mounted fails nothing", async () => {
    const place = machine(undefined);
    const { code, stderr } = await place.flow(["run", "p.yaml", "--remote", join(place.root, "not/there")]);
    expect(code).toBe(0);
    expect(stderr).toContain("is the disk mounted?");
  });

  test("files that outputs only name are those of the machine where they are read", async () => {
    const text = `name: named
steps:
  splits: { uses: organize, inputs: { source: ./pictures }, with: { materialize: reference, splits: { train: 1 } } }
`;
    const [one, two] = [machine(undefined), machine(undefined)];
    const remote = join(one.root, "remote");
    const picture = readFileSync(new URL("../golden/pixels/rgb.jpg", import.meta.url));
    for (const place of [one, two]) {
      place.write("n.yaml", text);
      for (const label of ["a", "b"]) {
        mkdirSync(join(place.root, "pictures", label), { recursive: true });
        writeFileSync(
          join(place.root, "pictures", label, "1.jpg"),
          Buffer.concat([picture, Buffer.from(label)]),
        );
      }
    }
    expect((await one.flow(["run", "n.yaml", "--remote", remote])).stdout).toContain("1 result sent");
    expect((await two.flow(["run", "n.yaml", "--remote", remote])).stdout).toContain("1 cached");
    rmSync(join(one.root, "pictures"), { recursive: true });
    expect((await two.flow(["run", "n.yaml"])).stdout).toContain("1 cached");
  });
});

test("a remote that is none is a mistake with its place", async () => {
  const place = machine("https://user:topsecret@example.org/x");
  const { code, stderr } = await place.flow(["run", "p.yaml"]);
  expect(code).toBe(2);
  expect(stderr).toMatch(/^flow\.config\.yaml:1:9 error wrong-value: credentials do not belong/m);
  expect(stderr).not.toContain("topsecret");
  const none = await machine(undefined).flow(["push", "p.yaml"]);
  expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining("no remote is named") });
});
