import { createHash } from "node:crypto";
import { createServer, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Wheel } from "../../steps/compute/runtimes/catalog.ts";
import { zip } from "../zip.ts";

/** A package index on this machine, as pip asks one (PEP 503). */
export interface PackageIndex {
  /** For pip. */
  readonly env: Readonly<Record<string, string>>;
  /** Names of the files that were asked for. */
  readonly fetched: readonly string[];
  /** Offers a wheel with these files. */
  add(project: string, files: Readonly<Record<string, string>>): Wheel;
  /** From now on begins to send this project's file, and does not go on. */
  hold(project: string): void;
  /** Ends that. */
  release(): void;
  close(): Promise<void>;
}

const platform = "manylinux_2_17_x86_64";

export async function newPackageIndex(): Promise<PackageIndex> {
  const files = new Map<string, { readonly project: string; readonly content: Buffer }>();
  const fetched: string[] = [];
  const waiting: ServerResponse[] = [];
  let held: string | undefined;
  const server: Server = createServer(({ url = "" }, response) => {
    const name = url.split("/").at(-1) as string;
    const file = files.get(name);
    if (url.startsWith("/files/") && file !== undefined) {
      fetched.push(file.project);
      response.setHeader("content-length", file.content.length);
      if (file.project !== held) return void response.end(file.content);
      response.write(file.content.subarray(0, 100));
      return void waiting.push(response);
    }
    const project = url.split("/")[2];
    const links = [...files]
      .filter(([, one]) => one.project === project)
      .map(([found, { content }]) => `<a href="/files/${found}#sha256=${sha256(content)}">${found}</a>`);
    response.statusCode = links.length === 0 ? 404 : 200;
    response.setHeader("content-type", "text/html");
    response.end(`<!DOCTYPE html><html><body>${links.join("\n")}</body></html>`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    env: { PIP_INDEX_URL: `http://127.0.0.1:${port}/simple/`, PIP_RETRIES: "0", PIP_TIMEOUT: "20" },
    fetched,
    add(project, content) {
      const name = project.replaceAll("-", "_");
      const info = `${name}-1.0.dist-info`;
      const wheel = zip({
        ...content,
        [`${info}/METADATA`]: `Metadata-Version: 2.1\nName: ${project}\nVersion: 1.0\n`,
        [`${info}/WHEEL`]: `Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: cp312-cp312-${platform}\n`,
        [`${info}/RECORD`]: "",
      });
      files.set(`${name}-1.0-cp312-cp312-${platform}.whl`, { project, content: wheel });
      return {
        project,
        version: "1.0",
        python: "3.12",
        platform,
        sha256: sha256(wheel),
        bytes: wheel.length,
      };
    },
    hold(project) {
      held = project;
    },
    release() {
      held = undefined;
      for (const response of waiting.splice(0)) response.destroy();
    },
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function sha256(content: Buffer): string {
  return createHash("sha256").update(content).digest("hex");
}
