import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import { afterAll, beforeAll, expect, test } from "vitest";
import { repository } from "../cli/flow.ts";
import { ask, post, postForm, type Response, type Served, type SmallServer, smallServer } from "./serving.ts";

// What a server says of itself is so: OpenAPI, metrics, and the page of the manual.

let small: SmallServer;
let served: Served;
let picture: Buffer;
beforeAll(async () => {
  small = await smallServer();
  ({ served, picture } = small);
});
afterAll(() => small.end());

const manual = readFileSync(join(repository, "docs/serve.md"), "utf8");

test("answers have the form that openapi.json gives them", async () => {
  const { json: api } = await ask(`${served.url}openapi.json`);
  const ajv = new Ajv2020({ strict: false });
  ajv.addSchema(api, "api");
  const answers: readonly (readonly [string, string, Response])[] = [
    ["/predict", "post", await post(served, picture)],
    ["/predict", "post", await post(served, "none")],
    ["/predict", "post", await post(served, "")],
    ["/predict", "post", await post(served, picture, { "content-type": "text/plain" })],
    ["/predict", "post", await post(served, picture, { "content-type": "image/png", host: "other" })],
    ["/predict", "post", await postForm(served, [{ name: "a", bytes: picture }])],
    ["/model", "get", await ask(`${served.url}model`)],
    ["/health", "get", await ask(`${served.url}health`)],
  ];
  for (const [path, method, { status, json }] of answers) {
    const at = `api#/paths/${path.replace("/", "~1")}/${method}/responses/${status}/content/application~1json/schema`;
    const validate = ajv.getSchema(at);
    expect(validate?.(json), `${path} ${status}: ${ajv.errorsText(validate?.errors)}`).toBe(true);
    expect(validate?.({}), "a form that takes anything").toBe(false);
  }
  for (const path of Object.keys(api.paths))
    expect((await ask(`${served.url}${path.slice(1)}`)).status).not.toBe(404);
});

test("the manual has all paths, limits, statuses and metrics, and no others", async () => {
  const { json: api } = await ask(`${served.url}openapi.json`);
  const section = (title: string): string => manual.split(`## ${title}\n`)[1]?.split("\n## ")[0] ?? "";
  const paths = [...section("Asking").matchAll(/^\| `(?:GET|POST) (\S+)` \|/gm)].map(([, path]) => path);
  expect(paths.toSorted()).toEqual([...Object.keys(api.paths), "/", "/openapi.json"].toSorted());
  const statuses = new Set(section("Limits").match(/\b[245]\d\d\b(?! MB)/g));
  const known = Object.keys(api.paths["/predict"].post.responses);
  // Where no token is asked for none is missing.
  expect([...statuses].filter((status) => status !== "256").toSorted()).toEqual([...known, "401"].toSorted());
  const { stdout: help } = await small.place.flow(["serve", "--help"]);
  for (const [, option = "", value = ""] of section("Limits").matchAll(/^\| `(--\S+)` \| (\w+)/gm)) {
    expect(help.replaceAll(/\s+/g, " ")).toMatch(new RegExp(`${option} <\\w+> [^-]*\\(default: "?${value}`));
  }
});

test("metrics are those of the manual, in Prometheus' format, and count", async () => {
  const value = async (name: string): Promise<number> => {
    const { text } = await ask(`${served.url}metrics`);
    return Number(
      text
        .split("\n")
        .find((line) => line.startsWith(`${name} `))
        ?.slice(name.length),
    );
  };
  const count = 'flow_serve_pictures_total{outcome="predicted"}';
  const requests = 'flow_serve_requests_total{path="/predict",status="200"}';
  const [before, asked] = [await value(count), await value(requests)];
  await postForm(served, [
    { name: "a", bytes: picture },
    { name: "b", bytes: picture },
  ]);
  expect(await value(count)).toBe(before + 2);
  expect(await value(requests)).toBe(asked + 1);

  const { text, headers } = await ask(`${served.url}metrics`);
  expect(headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
  const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name, type]) => [name, type]);
  const told = [...manual.matchAll(/^\| `(flow_serve_\w+)` \| (\w+) \|/gm)].map(([, name, type]) => [
    name,
    type,
  ]);
  expect(types).toEqual(told);
  for (const line of text.trimEnd().split("\n")) {
    expect(line).toMatch(/^(# (HELP|TYPE) \w+ .+|\w+(\{\w+="[^"]*"(,\w+="[^"]*")*\})? [\d.e+-]+)$/);
  }
  const buckets = [...text.matchAll(/_bucket\{le="\S+"\} (\d+)/g)].map(([, number]) => Number(number));
  expect(buckets).toEqual(buckets.toSorted((a, b) => a - b));
  expect(buckets.at(-1)).toBe(await value("flow_serve_request_seconds_count"));
});
