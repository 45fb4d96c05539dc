// p50 and p99 in ms and images/s of `flow serve` with 1 and 16 clients that each send
// one picture after the other, beside `flow predict` on the same files with an empty
// store: ResNet-50, the tutorial's head. In turn, three rounds, medians. Of `flow
// predict` the start does not count: what the same command takes for one picture.
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { drawnPictures, flow, home, machine, median, print, program } from "./common.js";

const rounds = 3;
const images = Number(process.env.SERVE_IMAGES ?? 256);
const folder = mkdtempSync(join(tmpdir(), "flow-bench-"));

const pipeline = `
name: bench
steps:${drawnPictures({ training: 32, others: 16, pixels: 512 })}
  features:
    uses: extract
    inputs: { images: splits.images }
    with: { network: resnet50, weights: seeded }
  head:
    uses: train
    inputs: { features: features.features }
    with: { hidden: [256, 16], epochs: 2 }
`;
const more = `
name: more
steps:
  pictures:
    uses: generate
    with: { splits: { training: 2, validation: 2, evaluation: ${images} }, size: 512, seed: 7 }
`;

try {
  flow(folder, more);
  const pictures = realpathSync(join(folder, "runs/latest/pictures/images/evaluation"));
  const asked = readdirSync(pictures).map((name) => readFileSync(join(pictures, name)));
  flow(folder, pipeline);
  const found = { predict: [], whole: [], one: [], many: [] };
  for (let round = 0; round < rounds; round++) {
    rmSync(join(folder, ".flow/stores"), { recursive: true });
    const { steady, whole } = await predictRate(pictures);
    found.predict.push(steady);
    found.whole.push(whole);
    const server = await startServer();
    await served(server.url, asked.slice(0, 8), 1);
    found.one.push(await served(server.url, asked.slice(0, images / 4), 1));
    found.many.push(await served(server.url, asked, 16));
    await server.stop();
  }
  const predict = median(found.predict);
  print(machine());
  print(
    `flow predict, ${images} pictures: ${predict.toFixed(1)} images/s (${median(found.whole).toFixed(1)} with its start)`,
  );
  for (const [clients, name] of [
    [1, "one"],
    [16, "many"],
  ]) {
    const [rate, p50, p99] = ["rate", "p50", "p99"].map((what) =>
      median(found[name].map((one) => one[what])),
    );
    print(
      `flow serve, ${clients} client${clients > 1 ? "s" : ""}: ${rate.toFixed(1)} images/s, ${(rate / predict).toFixed(2)} of that; p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)} ms`,
    );
  }
} finally {
  rmSync(folder, { recursive: true });
}

function started(...args) {
  return spawn(process.execPath, [program, ...args], {
    cwd: folder,
    stdio: ["ignore", "pipe", "ignore"],
    env: { ...process.env, FLOW_HOME: home },
  });
}

async function predictRate(pictures) {
  const [first, ...others] = readdirSync(pictures).map((name) => join(pictures, name));
  const start = await predictTime(first);
  const time = await predictTime(...others);
  return { steady: (others.length - 1) / (time - start), whole: others.length / time };
}

/** Seconds of the whole command. */
async function predictTime(...pictures) {
  const begun = performance.now();
  const child = started("predict", "bench.yaml", ...pictures, "--json");
  let lines = 0;
  for await (const _ of createInterface({ input: child.stdout })) lines++;
  if (lines !== pictures.length) throw new Error(`${lines} of ${pictures.length} were predicted`);
  return (performance.now() - begun) / 1000;
}

async function startServer() {
  const child = started("serve", "bench.yaml", "--port", "0", "--json");
  const ended = new Promise((resolve) => child.once("close", resolve));
  for await (const line of createInterface({ input: child.stdout })) {
    const { url } = JSON.parse(line);
    return {
      url,
      stop() {
        child.kill("SIGTERM");
        return ended;
      },
    };
  }
  throw new Error("flow serve did not start");
}

/** Each client sends the next picture as soon as it has an answer. */
async function served(url, pictures, clients) {
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  const times = [];
  let next = 0;
  const begun = performance.now();
  await Promise.all(
    Array.from({ length: clients }, async () => {
      while (next < pictures.length) {
        const picture = pictures[next++];
        const sent = performance.now();
        await post(`${url}predict`, picture, agent);
        times.push(performance.now() - sent);
      }
    }),
  );
  const rate = pictures.length / ((performance.now() - begun) / 1000);
  agent.destroy();
  times.sort((a, b) => a - b);
  const at = (share) => times[Math.min(times.length - 1, Math.floor(share * times.length))];
  return { rate, p50: at(0.5), p99: at(0.99) };
}

function post(url, body, agent) {
  return new Promise((resolve, reject) => {
    const asked = request(url, { method: "POST", agent, headers: { "content-type": "image/jpeg" } });
    asked.on("response", (response) => {
      response.resume();
      response.on("end", () =>
        response.statusCode === 200 ? resolve() : reject(new Error(response.statusCode)),
      );
    });
    asked.on("error", reject);
    asked.end(body);
  });
}
