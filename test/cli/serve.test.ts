import { rmSync, statSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  arrived,
  ask,
  connection,
  filesBelow,
  picturesOf,
  post,
  postForm,
  said,
  startServer,
} from "../serve/serving.ts";
import { childrenOf, newWorkplace, until, type Workplace } from "./flow.ts";
import { evaluation, kinds, pipeline, trainedPlace } from "./predicting.ts";

// `flow serve`: what it says, and how it begins and ends, as a user sees it.

let place: Workplace;
beforeAll(async () => {
  place = await trainedPlace();
});
afterAll(() => place.remove());

/** All that a project keeps, with what tells whether it was touched. */
function kept(of: Workplace): readonly string[] {
  return filesBelow(of.root).map((file) => {
    const { size, mtimeMs } = statSync(file);
    return `${file} ${size} ${mtimeMs}`;
  });
}

test.each(kinds)(
  "what it says is what predict says, to the last digit: $title",
  async ({ extract, more }) => {
    const own = newWorkplace();
    try {
      own.write("p.yaml", pipeline(extract, more));
      expect(await own.flow(["run", "p.yaml"])).toMatchObject({ code: 0 });
      const expected = await said(own, evaluation);
      expect(expected.size).toBe(37);
      // Nothing that was computed before is looked up.
      rmSync(join(own.root, ".flow/stores"), { recursive: true });
      const before = kept(own);
      const served = await startServer(own);
      const pictures = picturesOf(own);
      const form = await postForm(served, pictures);
      expect(form.status).toBe(200);
      expect(form.json.predictions).toEqual(pictures.map(({ name }) => expected.get(name)));
      // Of many clients at once several are computed together.
      const each = await Promise.all(pictures.map(({ bytes }) => post(served, bytes)));
      expect(each.map(({ json }) => json.predictions)).toEqual(
        pictures.map(({ name }) => [{ ...expected.get(name), file: "-" }]),
      );
      const [run] = Object.values(own.record().steps.head?.outputs ?? {});
      expect(form.json.model).toEqual({
        run: own.record().id,
        step: "head",
        digest: run?.digest,
        network: "resnet50",
        classes: ["discs", "stripes"],
      });
      expect(served.model).toEqual(form.json.model);
      expect(await served.stop()).toMatchObject({ code: 0 });
      expect(kept(own)).toEqual(before);
    } finally {
      own.remove();
    }
  },
);

describe("it begins", () => {
  test("with its URL, and with notes beside it", async () => {
    const { child, finished } = place.start(["serve", "latest", "--port", "0"]);
    let printed = "";
    child.stdout?.on("data", (text) => {
      printed += text;
    });
    await until(() => printed.includes("try it"), "the first lines");
    const [first = "", second] = printed.split("\n");
    expect(first).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/ answers for head of \S+-small-\w+$/);
    const [url = ""] = first.split(" ");
    expect(second).toBe(`try it: open that, or curl -F picture=@<file> ${url}predict`);
    expect((await ask(`${url}health`)).json).toEqual({ status: "ok" });
    child.kill("SIGINT");
    expect(await finished).toMatchObject({
      code: 0,
      stderr: expect.stringMatching(/^Note: the network's weights are seeded/),
    });
  });

  test("not where the port is taken", async () => {
    const other = createServer().listen(0, "127.0.0.1");
    await new Promise((resolve) => other.once("listening", resolve));
    const { port } = other.address() as { port: number };
    const { code, stdout, stderr } = await place.flow(["serve", "latest", "--port", String(port)]);
    other.close();
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    expect(stderr).toContain(
      `flow: port ${port} is taken: name another with --port, or 0 for any that is free\n`,
    );
  });

  test.each([
    [
      ["--host", "0.0.0.0"],
      "flow: --host 0.0.0.0 lets other machines ask: say what they have to know with --token, or --insecure where anybody may\n",
    ],
    [
      ["--host", "0.0.0.0", "--insecure"],
      "flow: --host 0.0.0.0 lets other machines ask: say what they call this one with --allow-host <name>, as in http://<name>/\n",
    ],
    [["--allow-host", "a/b"], "flow: --allow-host a/b: a name as in http://<name>/ is needed\n"],
    [["--token", ""], "flow: the token is empty\n"],
    [["--step", "nose"], /^flow: \S+ has no train step nose; it has head\n$/],
    [["--max-bytes", "3GB"], /A size up to 2GB is needed/],
    [["--port", "65536"], /A number from 0 to 65535 is needed/],
    [["--timeout", "0"], /A whole number from 1 on is needed/],
  ])("not with %j", async (args, message) => {
    const { code, stdout, stderr } = await place.flow(["serve", "latest", "--port", "0", ...args]);
    expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
    if (typeof message === "string") expect(stderr).toBe(message);
    else expect(stderr).toMatch(message);
  });

  test("for others, where it is told how", async () => {
    const args = ["--host", "0.0.0.0", "--token", "open sesame", "--allow-host", "pictures.example"];
    const served = await startServer(place, args);
    const url = `http://127.0.0.1:${served.port}/`;
    const authorization = "Bearer open sesame";
    const named = { host: "pictures.example" };
    expect((await ask(`${url}model`, { headers: { ...named, authorization } })).status).toBe(200);
    expect((await ask(`${url}model`, { headers: named })).status).toBe(401);
    expect((await ask(`${url}model`, { headers: { authorization } })).status).toBe(421);
    expect((await served.stop()).stderr).toContain(
      "Note: what clients send, the token too, is not encrypted on its way.\n",
    );
  });
});

/** The beginning of a request with a body of which nothing is there. */
const head = (length: number): string =>
  `POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/jpeg\r\nContent-Length: ${length}\r\n\r\n`;

describe("it ends", () => {
  test("when what is in hand is answered, and takes nothing more", async () => {
    const served = await startServer(place);
    const [picture] = picturesOf(place);
    const bytes = picture?.bytes as Buffer;
    const slow = connection(served);
    slow.socket.write(head(bytes.length));
    slow.socket.write(bytes.subarray(0, 100));
    const late = connection(served);
    late.socket.write("POST /predict HTTP/1.1\r\nHost: localhost\r\n");
    const answers = Array.from({ length: 20 }, () => post(served, bytes));
    await arrived(served, 2);
    served.child.kill("SIGTERM");
    await until(() => served.stderr().includes("Stopping:"), "the word that it stops");
    late.socket.write("Content-Type: image/png\r\nContent-Length: 0\r\n\r\n");
    expect(await late.closed).toMatch(
      /^HTTP\/1\.1 503 .*connection: close.*"error":"the server is stopping"/s,
    );
    slow.socket.write(bytes.subarray(100));
    expect(await slow.closed).toMatch(/^HTTP\/1\.1 200 OK\r\n.*connection: close.*"predicted":/s);
    const outcomes = await Promise.allSettled(answers);
    // What had not arrived by then may find nobody, or be told.
    const statuses = outcomes.map((one) => (one.status === "fulfilled" ? one.value.status : 0));
    expect(statuses.filter((status) => ![200, 503, 0].includes(status))).toEqual([]);
    expect(statuses).toContain(200);
    expect(await served.finished).toMatchObject({ code: 0 });
    await expect(ask(`${served.url}health`)).rejects.toThrow("ECONNREFUSED");
  });

  test("at once at the second signal", async () => {
    const served = await startServer(place);
    const { socket, closed } = connection(served);
    socket.write(head(100));
    await arrived(served, 1);
    const [child] = childrenOf(served.child.pid as number);
    served.child.kill("SIGTERM");
    await until(() => served.stderr().includes("Stopping:"), "the word that it stops");
    served.child.kill("SIGTERM");
    expect(await served.finished).toMatchObject({ code: 130 });
    expect(await closed).toBe("");
    expect(() => process.kill(child as number, 0)).toThrow("ESRCH");
  });
});
