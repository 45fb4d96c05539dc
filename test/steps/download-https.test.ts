import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { newWorkplace, type Workplace } from "../cli/flow.ts";
import { type FileServer, newFileServer } from "../web/server.ts";

// Over https, with a certificate that is made here.

const hasOpenssl = spawnSync("openssl", ["version"]).status === 0;
// biome-ignore lint/suspicious/noConsole: a skip says why
if (!hasOpenssl) console.log("skipped: there is no openssl");

describe.skipIf(!hasOpenssl)("over https", () => {
  let place: Workplace;
  let secure: Server;
  let plain: FileServer;
  let base: string;
  let certificate: string;
  beforeEach(async () => {
    place = newWorkplace();
    certificate = join(place.root, "certificate.pem");
    const key = join(place.root, "key.pem");
    const made = spawnSync("openssl", [
      ...["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=flow"],
      ...["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate],
    ]);
    expect(made.status).toBe(0);
    plain = await newFileServer();
    plain.put("/file.bin", { content: Buffer.from("it") });
    const options = { key: readFileSync(key), cert: readFileSync(certificate) };
    secure = createServer(options, ({ url }, response) => {
      if (url === "/file.bin") response.end("it");
      else response.writeHead(302, { location: `${plain.base}/file.bin` }).end();
    });
    await new Promise<void>((resolve) => secure.listen(0, "127.0.0.1", resolve));
    base = `https://127.0.0.1:${(secure.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    await new Promise((resolve) => {
      secure.close(resolve);
      secure.closeAllConnections();
    });
    await plain.close();
    place.remove();
  });

  const run = (url: string, env = {}) => {
    place.write("p.yaml", `name: p\nsteps:\n  data: { uses: download, with: { url: "${url}" } }\n`);
    return place.flow(["run", "p.yaml"], env);
  };

  test("a file comes from a host whose certificate is trusted, and from no other", async () => {
    const untrusted = await run(`${base}/file.bin`);
    expect(untrusted).toMatchObject({
      code: 4,
      stderr: expect.stringContaining(`${base}/file.bin: the connection fails: self-signed certificate`),
    });
    expect(await run(`${base}/file.bin`, { NODE_EXTRA_CA_CERTS: certificate })).toMatchObject({ code: 0 });
    expect(readFileSync(join(place.root, "runs/latest/data/files/file.bin"), "utf8")).toBe("it");
  });

  test("a URL does not lead to where nothing is encrypted; from http to https it may", async () => {
    const env = { NODE_EXTRA_CA_CERTS: certificate };
    expect(await run(`${base}/other.bin`, env)).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(
        `it leads from https to ${plain.base}/file.bin, where nothing is encrypted`,
      ),
    });
    plain.put("/x.bin", (_, response) => {
      response.writeHead(302, { location: `${base}/file.bin` }).end();
    });
    expect(await run(`${plain.base}/x.bin`, env)).toMatchObject({ code: 0 });
  });
});
