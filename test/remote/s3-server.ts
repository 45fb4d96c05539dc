import { type ChildProcess, spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** gofakes3, a server that speaks S3's language; `.ci/run` builds it. */
const program = join(process.env.FLOW_TEST_HOME ?? "/nowhere", "bin/gofakes3");

export const withoutServer: string | undefined = existsSync(program)
  ? undefined
  : "no S3 server in FLOW_TEST_HOME/bin/gofakes3";

export interface S3Server {
  /** Of the server. */
  readonly port: number;
  /** What a program needs in its environment to use it. */
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

export const bucket = "results";

/** A server that keeps all in memory, with one bucket. It takes any credentials. */
export async function startS3(): Promise<S3Server> {
  const port = await freePort();
  const child = spawn(
    program,
    ["-backend", "memory", "-host", `127.0.0.1:${port}`, "-initialbucket", bucket],
    {
      stdio: "ignore",
    },
  );
  for (let tries = 0; !(await isListening(port)); tries++) {
    if (tries > 200) throw new Error("the S3 server does not listen");
    await sleep(50);
  }
  return { port, env: environment(port), stop: () => ended(child) };
}

export function environment(port: number): Readonly<Record<string, string>> {
  return {
    AWS_ACCESS_KEY_ID: "AKIDFORTESTS",
    AWS_SECRET_ACCESS_KEY: "a-secret/of+tests",
    AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
    AWS_REGION: "eu-central-1",
  };
}

async function isListening(port: number): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}/`).then(
    () => true,
    () => false,
  );
}

export function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer();
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0));
    });
  });
}

function ended(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    if (child.exitCode !== null) return resolve();
    child.once("exit", () => resolve());
    child.kill("SIGKILL");
  });
}
