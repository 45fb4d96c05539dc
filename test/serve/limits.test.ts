import { deflateSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { childrenOf, type Workplace } from "../cli/flow.ts";
import { evaluation } from "../cli/predicting.ts";
import {
  arrived,
  ask,
  connection,
  picturesOf,
  post,
  postForm,
  type Served,
  said,
  smallModel,
  startServer,
} from "./serving.ts";

// What a server refuses, and that nothing which is sent ends it.

let place: Workplace;
let served: Served;
let picture: Buffer;
beforeAll(async () => {
  place = await smallModel();
  served = await startServer(place, ["--max-bytes", "100kB", "--timeout", "2", "--max-queue", "60"]);
  picture = picturesOf(place)[0]?.bytes as Buffer;
});
afterAll(async () => {
  expect(await served.stop()).toMatchObject({ code: 0 });
  // It had nothing to complain of all the while.
  expect(served.stderr()).not.toMatch(/Error|\bat\b.*:\d+/);
  place.remove();
});

/** That it is as it was. */
async function expectWell(): Promise<void> {
  const [known] = (await said(place, `${evaluation}/${picturesOf(place)[0]?.name}`)).values();
  const { status, json } = await post(served, picture);
  expect({ status, predictions: json.predictions }).toEqual({
    status: 200,
    predictions: [{ ...known, file: "-" }],
  });
}

describe("a body", () => {
  const tooLong = {
    error: "the body has more than 100000 bytes",
    limit: { name: "--max-bytes", value: 100_000 },
  };

  test("over the limit is refused before its type is looked at, whether its length is known or not", async () => {
    const body = Buffer.alloc(100_001);
    expect(await post(served, body, { "content-type": "text/plain" })).toMatchObject({
      status: 413,
      json: tooLong,
    });
    const chunked = { "content-type": "image/jpeg", "transfer-encoding": "chunked" };
    expect(await post(served, Buffer.alloc(20_000_000), chunked)).toMatchObject({
      status: 413,
      json: tooLong,
    });
    const exact = await post(served, Buffer.concat([picture, Buffer.alloc(100_000 - picture.length)]));
    expect(exact.status).toBe(200);
  });

  test("is not even asked for where it would be too long", async () => {
    const { socket, closed } = connection(served);
    socket.write(
      "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999999\r\nExpect: 100-continue\r\n\r\n",
    );
    expect(await closed).toMatch(/^HTTP\/1\.1 413 /);
  });

  test.each([
    ["text/plain", 415],
    ["application/x-www-form-urlencoded", 415],
    ["multipart/form-data", 415],
    ["multipart/mixed; boundary=x", 415],
    ["image/", 415],
    ["IMAGE/JPEG; q=1", 200],
    ["application/octet-stream", 200],
  ])("of type %s: %i", async (type, status) => {
    expect((await post(served, picture, { "content-type": type })).status).toBe(status);
  });

  test("of no type, or packed, is told how to come", async () => {
    const none = await post(served, picture, {});
    expect(none).toMatchObject({ status: 415, json: { error: expect.stringContaining("curl -F") } });
    const packed = { "content-type": "image/jpeg", "content-encoding": "gzip" };
    expect((await post(served, picture, packed)).status).toBe(415);
  });

  test("without a picture: empty, a form without files, what cannot be read", async () => {
    expect(await post(served, "")).toMatchObject({ status: 422, json: { error: "the body is empty" } });
    const fields = new FormData();
    fields.append("a", "b");
    const form = await fetch(`${served.url}predict`, { method: "POST", body: fields });
    expect(form.status).toBe(422);
    expect(await form.json()).toMatchObject({ error: expect.stringContaining("the form has no file") });
    const unread = await post(served, "no picture");
    expect(unread).toMatchObject({
      status: 422,
      json: {
        predictions: [{ file: "-", error: "it is no picture (JPEG, PNG, WebP, GIF and TIFF are read)" }],
      },
    });
  });

  test("with some that cannot be read has entries for all, in order", async () => {
    const bytes = Buffer.from("none");
    const { status, json } = await postForm(served, [
      { name: "a.jpg", bytes: picture },
      { name: 'b"<i>\u202e.jpg', bytes },
      { name: "c.jpg", bytes: Buffer.alloc(0) },
      { name: "a.jpg", bytes: picture },
    ]);
    expect(status).toBe(200);
    const [first, second, third, fourth] = json.predictions;
    expect(second).toEqual({ file: 'b"<i>\u202e.jpg', error: expect.stringContaining("it is no picture") });
    expect(third).toEqual({ file: "c.jpg", error: "it is empty" });
    expect(fourth).toEqual(first);
    expect(first.predicted).toBeTypeOf("string");
  });

  test("with too many pictures is refused", async () => {
    const files = Array.from({ length: 257 }, () => ({ name: "x", bytes: Buffer.from("x") }));
    expect(await postForm(served, files)).toMatchObject({
      status: 413,
      json: { limit: { name: "pictures of a request", value: 256 } },
    });
  });
});

/** A picture of few bytes and many pixels. */
function bomb(side: number): Buffer {
  const chunk = (name: string, data: Buffer): Buffer => {
    const body = Buffer.concat([Buffer.from(name), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc(body));
    return Buffer.concat([length, body, sum]);
  };
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header.set([1, 0, 0, 0, 0], 8);
  const rows = deflateSync(Buffer.alloc(side * (1 + Math.ceil(side / 8))));
  const signature = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
  return Buffer.concat([
    ...[signature, chunk("IHDR", header), chunk("IDAT", rows), chunk("IEND", Buffer.alloc(0))],
  ]);
}

/** PNG's (ISO 3309). */
function crc(bytes: Buffer): number {
  let sum = 0xffffffff;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0xedb88320 : sum >>> 1;
  }
  return (sum ^ 0xffffffff) >>> 0;
}

test("a picture bomb is refused by its header", async () => {
  const { status, json } = await post(served, bomb(9000));
  expect(status).toBe(422);
  expect(json.predictions[0].error).toBe(
    "it has 9000 × 9000 pixels, more than the 64000000 that are allowed (--max-pixels raises that)",
  );
  await expectWell();
});

describe("a client that is slow", () => {
  test("with its body is told so, and does not hold others up", async () => {
    const { socket, closed } = connection(served);
    socket.write(
      "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\nContent-Length: 1000\r\n\r\n",
    );
    const drip = setInterval(() => socket.write("x"), 100);
    await arrived(served, 1);
    await expectWell();
    const answer = await closed;
    clearInterval(drip);
    expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    expect(answer).toContain(
      '{"error":"the body has not arrived within 2 s","limit":{"name":"--timeout","value":2}}',
    );
  });

  test("with its headers is cut off", async () => {
    const { socket, closed } = connection(served);
    socket.write("POST /predict HTTP/1.1\r\n");
    const drip = setInterval(() => socket.write("x: y\r\n"), 100);
    expect(await closed).toMatch(/^HTTP\/1\.1 408 /);
    clearInterval(drip);
  });

  test("or goes away leaves nothing behind", async () => {
    const { socket, closed } = connection(served);
    socket.write(
      "POST /predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: image/png\r\nContent-Length: 1000\r\n\r\nabc",
    );
    await arrived(served, 1);
    socket.destroy();
    await closed;
    await arrived(served, 0);
    await expectWell();
  });
});

test("of more requests than may be under way the last are told to come again", async () => {
  const own = await startServer(place, ["--max-queue", "2"]);
  const slow = [connection(own), connection(own)];
  for (const { socket } of slow) {
    socket.write(
      `POST /predict HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: image/png\r\nContent-Length: ${picture.length}\r\n\r\n`,
    );
  }
  await arrived(own, 2);
  expect(await post(own, picture)).toMatchObject({
    status: 429,
    headers: { "retry-after": "1" },
    json: {
      error: "2 requests are under way already: try again",
      limit: { name: "--max-queue", value: 2 },
    },
  });
  slow[0]?.socket.write(picture);
  expect(await slow[0]?.closed).toContain("HTTP/1.1 200 OK");
  expect((await post(own, picture)).status).toBe(200);
  slow[1]?.socket.destroy();
  expect(await own.stop()).toMatchObject({ code: 0 });
});

test("fifty at once get what each gets alone", async () => {
  const pictures = picturesOf(place);
  const expected = await said(place, evaluation);
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

describe("whoever asks", () => {
  const named = { "content-type": "image/jpeg" };
  const own = (): string => new URL(served.url).host;

  test.each([
    ["evil.example", 421],
    ["localhost.evil.example", 421],
    ["127.0.0.1.evil.example", 421],
    ["user@evil.example", 421],
    ["169.254.169.254", 421],
    ["localhost", 200],
    ["LOCALHOST:1", 200],
    ["[::1]:8080", 200],
  ])("by the Host %s: %i", async (host, status) => {
    for (const path of ["health", "", "page.js", "metrics"]) {
      const answer = await ask(`${served.url}${path}`, { headers: { host } });
      // Of what is no host at all the HTTP library complains first.
      expect([answer.status, answer.status === 400 ? 421 : answer.status]).toContain(status);
    }
    expect((await post(served, picture, { ...named, host })).status === 200).toBe(status === 200);
  });

  test.each([
    [{ origin: "https://evil.example" }],
    [{ origin: "null" }],
    [{ origin: "http://localhost:3000" }],
    [{ "sec-fetch-site": "cross-site" }],
    [{ "sec-fetch-site": "same-site" }],
  ])("with %j is of another site", async (headers) => {
    const answer = await post(served, picture, { ...named, ...(headers as Record<string, string>) });
    expect(answer).toMatchObject({ status: 403, json: { error: "a page of another site may not ask" } });
    expect(answer.headers).not.toHaveProperty("access-control-allow-origin");
  });

  test("from the page of the server is answered; and no other page may read anything", async () => {
    const origin = `http://${own()}`;
    const answer = await post(served, picture, { ...named, origin, "sec-fetch-site": "same-origin" });
    expect(answer.status).toBe(200);
    expect(answer.headers).toMatchObject({
      "cross-origin-resource-policy": "same-origin",
      "x-content-type-options": "nosniff",
      "cache-control": "no-store",
    });
    const preflight = await ask(`${served.url}predict`, { method: "OPTIONS", headers: { origin } });
    expect(preflight.status).toBe(405);
    expect(Object.keys(preflight.headers).filter((name) => name.startsWith("access-control"))).toEqual([]);
  });

  test("without the token, or with another, is told so, and how; the page can still be opened", async () => {
    const guarded = await startServer(place, [], { FLOW_SERVE_TOKEN: "open sesame" });
    const asked = (authorization?: string) =>
      post(guarded, picture, { ...named, ...(authorization === undefined ? {} : { authorization }) });
    expect(await asked()).toMatchObject({
      status: 401,
      headers: { "www-authenticate": 'Bearer realm="flow"' },
    });
    for (const wrong of [
      "Bearer open",
      "Bearer open sesame ",
      "open sesame",
      "Basic open sesame",
      "Bearer ",
    ]) {
      // Blanks at the end are no part of a header.
      expect((await asked(wrong)).status).toBe(wrong.trim() === "Bearer open sesame" ? 200 : 401);
    }
    expect((await asked("bearer open sesame")).status).toBe(200);
    for (const [path, status] of [
      ...[
        ["", 200],
        ["page.js", 200],
        ["health", 200],
      ],
      ...[
        ["model", 401],
        ["metrics", 401],
        ["openapi.json", 401],
        ["nothing", 401],
      ],
    ] as const) {
      const answer = await ask(`${guarded.url}${path}`);
      expect([path, answer.status]).toEqual([path, status]);
      expect(answer.text).not.toContain("discs");
    }
    expect(await guarded.stop()).toMatchObject({ code: 0 });
  });

  test("what is not there, or otherwise", async () => {
    expect(await ask(`${served.url}nothing`)).toMatchObject({
      status: 404,
      json: { error: "there is no /nothing" },
    });
    expect(await ask(`${served.url}predict`)).toMatchObject({ status: 405, headers: { allow: "POST" } });
    expect((await ask(`${served.url}health`, { method: "HEAD" })).status).toBe(200);
  });
});

/** A library that crashes: when the first bytes of a picture have this word. */
const killer = `
import { isMainThread } from "node:worker_threads";
const text = Buffer.prototype.toString;
if (!isMainThread) Buffer.prototype.toString = function (...how) {
  const said = text.apply(this, how);
  if (said.startsWith("KILLER")) process.kill(process.pid, "SIGSEGV");
  return said;
};`;

test("a picture that kills what reads it gets a 500, and nobody else does", async () => {
  const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(killer)}` };
  const own = await startServer(place, [], env);
  const pictures = picturesOf(place).slice(0, 20);
  const expected = await said(place, evaluation);
  for (let round = 0; round < 2; round++) {
    const killed = [post(own, "KILLER one"), post(own, "KILLER two")];
    const others = pictures.map(({ bytes }) => post(own, bytes));
    for (const answer of await Promise.all(killed)) {
      expect(answer).toMatchObject({
        status: 500,
        json: {
          predictions: [
            { file: "-", error: "the process that reads and computes pictures was killed by SIGSEGV" },
          ],
        },
      });
    }
    for (const [at, { json }] of (await Promise.all(others)).entries()) {
      const { predicted, probabilities } = expected.get(pictures[at]?.name as string) ?? {};
      expect(json.predictions).toEqual([{ file: "-", predicted, probabilities }]);
    }
  }
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
  expect((await ask(`${own.url}metrics`)).text).toContain('flow_serve_pictures_total{outcome="failed"} 5\n');
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
    await expectWell();
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
    await expectWell();
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
    await expectWell();
  });
});
