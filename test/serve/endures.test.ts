import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { childrenOf } from "../cli/flow.ts";
import { evaluation } from "../cli/predicting.ts";
import {
  ask,
  connection,
  expectWell,
  picturesOf,
  post,
  postForm,
  type Served,
  type SmallServer,
  said,
  smallServer,
  startServer,
  whenRead,
} from "./serving.ts";

// That nothing which is sent ends a server, or changes what others get.

let small: SmallServer;
let served: Served;
let picture: Buffer;
beforeAll(async () => {
  small = await smallServer(["--max-bytes", "100kB"]);
  ({ served, picture } = small);
});
afterAll(async () => {
  await small.end();
  // It had nothing to complain of all the while.
  expect(served.stderr()).not.toMatch(/Error|\bat\b.*:\d+/);
});

test("fifty at once get what each gets alone", async () => {
  const pictures = picturesOf(small.place);
  const expected = await said(small.place, evaluation);
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, at) => post(served, pictures[at % pictures.length]?.bytes as Buffer)),
  );
  for (const [at, { status, json }] of answers.entries()) {
    const name = pictures[at % pictures.length]?.name as string;
    expect({ status, predictions: json.predictions }).toEqual({
      status: 200,
      predictions: [{ ...expected.get(name), file: "-" }],
    });
  }
});

test("a picture that kills what reads it gets a 500, and nobody else does", async () => {
  const own = await startServer(small.place, [], whenRead("KILLER", 'process.kill(process.pid, "SIGSEGV")'));
  const pictures = picturesOf(small.place);
  const expected = await said(small.place, evaluation);
  let killers = 0;
  const kill = async (): Promise<void> => {
    for (let at = 0; at < 4; at++) {
      expect(await post(own, `KILLER ${killers++}`)).toMatchObject({
        status: 500,
        json: {
          predictions: [
            { file: "-", error: "the process that reads and computes pictures was killed by SIGSEGV" },
          ],
        },
      });
    }
  };
  let isKilling = true;
  const others = pictures.slice(0, 8).map(async ({ name, bytes }) => {
    const { predicted, probabilities } = expected.get(name) ?? {};
    while (isKilling) {
      const { json } = await post(own, bytes);
      expect(json.predictions).toEqual([{ file: "-", predicted, probabilities }]);
    }
  });
  await Promise.all([kill(), kill(), kill()]);
  isKilling = false;
  await Promise.all(others);
  const mixed = await postForm(own, [
    { name: "killer", bytes: Buffer.from("KILLER") },
    { name: "good", bytes: picture },
  ]);
  expect(mixed).toMatchObject({
    status: 200,
    json: { predictions: [{ file: "killer" }, { predicted: expect.anything() }] },
  });
  // Whatever else ends that process.
  for (const child of childrenOf(own.child.pid as number)) process.kill(child, "SIGKILL");
  expect((await post(own, picture)).status).toBe(200);
  expect((await ask(`${own.url}health`)).json).toEqual({ status: "ok" });
  expect((await ask(`${own.url}metrics`)).text).toContain('flow_serve_pictures_total{outcome="failed"} 13\n');
  expect(await own.stop()).toMatchObject({ code: 0 });
});

describe("whatever is sent", () => {
  const types = fc.constantFrom(
    ...["image/jpeg", "application/octet-stream", "multipart/form-data; boundary=x", "text/plain", ""],
    'multipart/form-data; boundary="x y"',
  );
  /** Pieces of forms and pictures, in any order. */
  const body = fc
    .array(
      fc.oneof(
        fc.constantFrom(
          ...["--x", "--x--", "\r\n", "\r\n\r\n", "--x\r\n", "\r\n--x\r\n", "\r\n--x--\r\n", " ", "\0"],
          ...[
            'Content-Disposition: form-data; name="a"; filename="b"',
            "Content-Type: image/png",
            "\x89PNG\r\n\x1a\n",
          ],
          ...["\xff\xd8\xff\xe0", "GIF89a", "II*\0\x08\0\0\0", "RIFF\0\0\0\0WEBP"],
        ),
        fc.string(),
      ),
      { maxLength: 20 },
    )
    .map((parts) => Buffer.from(parts.join(""), "latin1"));

  test("as a body is answered with a status that is documented, as JSON", async () => {
    const { json } = await ask(`${served.url}openapi.json`);
    const documented = Object.keys(json.paths["/predict"].post.responses).map(Number);
    await fc.assert(
      fc.asyncProperty(types, body, async (type, bytes) => {
        const headers = { "content-type": type };
        const answer = await post(served, bytes, headers);
        expect(documented).toContain(answer.status);
        expect(answer.json.error ?? answer.json.predictions).toBeDefined();
      }),
      { numRuns: 300 },
    );
    await expectWell(small.place, served);
  });

  test("a picture that is cut or changed anywhere is answered", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(picture.length - 1),
        fc.nat(picture.length - 1),
        fc.uint8Array({ minLength: 1, maxLength: 8 }),
        async (end, at, noise) => {
          const bytes = Buffer.from(picture.subarray(0, end + 1));
          bytes.set(noise.subarray(0, Math.max(0, bytes.length - at)), Math.min(at, bytes.length));
          const { status } = await post(served, bytes);
          expect([200, 422]).toContain(status);
        },
      ),
      { numRuns: 150 },
    );
    await expectWell(small.place, served);
  });

  test("that is no HTTP ends its own connection alone", async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ minLength: 1, maxLength: 300 }), async (bytes) => {
        const { socket, closed } = connection(served);
        socket.end(Buffer.concat([bytes, Buffer.from("\r\n\r\n")]));
        await closed;
      }),
      { numRuns: 50 },
    );
    await expectWell(small.place, served);
  });
});
