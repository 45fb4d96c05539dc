// Sharing through a remote: one file of 1 GB, and 10,000 small ones. Seconds, MB/s and
// peak memory of `flow push` and `flow pull`, beside a plain copy by `cp`. BENCH_REMOTE
// names the remote (s3://bucket/prefix, with AWS_… in the environment); default: a
// folder on this disk.
import { execFileSync, spawn } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { home, machine, print, program } from "./common.js";

const folder = mkdtempSync(join(tmpdir(), "flow-bench-"));
const remote = process.env.BENCH_REMOTE ?? join(folder, "remote");
const cases = {
  "1 GB in one file": "head -c 1000000000 /dev/urandom > ${outputs.out}/large",
  "10,000 files of 10 kB": "cd ${outputs.out}; head -c 100000000 /dev/urandom | split -b 10000 -a 4 - small-",
};

/** Runs flow; its seconds and its peak memory in MB. */
async function timed(cwd, ...args) {
  const began = performance.now();
  const child = spawn(process.execPath, [program, ...args], {
    cwd,
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, FLOW_HOME: home },
  });
  let peak = 0;
  const watch = setInterval(() => {
    try {
      const [, kB = 0] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8")) ?? [];
      peak = Math.max(peak, Number(kB) / 1000);
    } catch {
      // It has ended.
    }
  }, 20);
  const code = await new Promise((resolve) => child.on("close", resolve));
  clearInterval(watch);
  if (code !== 0) throw new Error(`flow ${args.join(" ")} ends with ${code}`);
  return { seconds: (performance.now() - began) / 1000, peak };
}

try {
  print(machine());
  for (const [at, [name, command]] of Object.entries(cases).entries()) {
    const [one, two] = ["one", "two"].map((person) => join(folder, `${person}-${at}`));
    const text = `name: shared\nsteps:\n  make: { uses: command, with: { run: ${JSON.stringify(command)}, outputs: [out] } }\n`;
    for (const person of [one, two]) {
      mkdirSync(person);
      writeFileSync(join(person, "p.yaml"), text);
      writeFileSync(join(person, "flow.config.yaml"), `remote: ${remote}/${at}\n`);
    }
    if (process.env.BENCH_REMOTE === undefined) mkdirSync(remote, { recursive: true });
    await timed(one, "run", "p.yaml", "--no-remote");
    const made = realpathSync(join(one, "runs/latest/make/out"));
    const began = performance.now();
    cpSync(made, join(folder, `copy-${at}`), { recursive: true });
    execFileSync("sync", ["-f", folder]);
    const copied = (performance.now() - began) / 1000;
    const push = await timed(one, "push", "p.yaml");
    const pull = await timed(two, "pull", "p.yaml");
    print(
      `${name}: push ${push.seconds.toFixed(1)} s, ${push.peak.toFixed(0)} MB of memory; pull ${pull.seconds.toFixed(1)} s, ` +
        `${pull.peak.toFixed(0)} MB; a copy beside it, synced, ${copied.toFixed(1)} s`,
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
