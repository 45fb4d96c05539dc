import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ask, post, type Served, type SmallServer, smallServer, startServer } from "./serving.ts";

// Who may ask a server.

let small: SmallServer;
let served: Served;
let picture: Buffer;
beforeAll(async () => {
  small = await smallServer();
  ({ served, picture } = small);
});
afterAll(() => small.end());

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
    const guarded = await startServer(small.place, [], { FLOW_SERVE_TOKEN: "open sesame" });
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
