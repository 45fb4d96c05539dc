import { execFile } from "node:child_process";

/** Slurm's commands. Each rejects with `SlurmError` where Slurm does not answer, or refuses. */
export interface Slurm {
  /** @returns the number of the job. */
  submit(args: readonly string[], script: string): Promise<string>;
  /** All array tasks of the user that Slurm remembers. */
  queue(): Promise<readonly Queued[]>;
  /** Jobs, or tasks of arrays: `12_3`. */
  cancel(jobs: readonly string[]): Promise<void>;
}

/** A task of an array, as `squeue` shows it. */
export interface Queued {
  /** `12_3` */
  readonly job: string;
  /** Of the array. */
  readonly name: string;
  /** PENDING, RUNNING, COMPLETED, FAILED, … */
  readonly state: string;
  /** As wait(2) has it. */
  readonly status: number;
  readonly reason: string;
  /** Where it runs or ran; empty where it never was anywhere. */
  readonly node: string;
}

export class SlurmError extends Error {
  override readonly name = "SlurmError";
  /** Whether it may have been done all the same. */
  readonly isUnsure: boolean;
  constructor(message: string, isUnsure: boolean) {
    super(message);
    this.isUnsure = isUnsure;
  }
}

const PATIENCE_MS = 60_000;
const fields = ["ArrayJobID", "ArrayTaskID", "State", "exit_code", "Reason", "Name", "NodeList"];

export function slurmCommands(env: Readonly<Record<string, string | undefined>>): Slurm {
  const clean = withoutSettings(env);
  const call = (command: string, args: readonly string[], input = ""): Promise<string> =>
    new Promise((resolve, reject) => {
      const options = { env: clean, timeout: PATIENCE_MS, maxBuffer: 256 << 20 };
      const child = execFile(command, args, options, (error, stdout, stderr) => {
        if (error === null) return resolve(stdout);
        const isMissing = (error as NodeJS.ErrnoException).code === "ENOENT";
        const words = stderr.trim().replaceAll(/\s*\n\s*/g, "; ");
        const said = isMissing ? "there is no such command here" : words || error.message;
        reject(new SlurmError(`${command}: ${said}`, !isMissing && !isRefusal(said)));
      });
      child.stdin?.on("error", () => {});
      child.stdin?.end(input);
    });
  return {
    async submit(args, script) {
      const answer = await call("sbatch", ["--parsable", ...args], script);
      const [, job] = /^(\d+)(;|$)/m.exec(answer.trim()) ?? [];
      if (job === undefined) throw new SlurmError(`sbatch answered ${JSON.stringify(answer)}`, true);
      return job;
    },
    async queue() {
      const format = fields.map((field) => `${field}:|`).join(",");
      const answer = await call("squeue", ["--me", "-h", "-r", "-t", "all", "-O", format]);
      return answer.split("\n").flatMap(readLine);
    },
    async cancel(jobs) {
      await call("scancel", jobs);
    },
  };
}

function readLine(line: string): readonly Queued[] {
  const [array = "", at = "", state = "", status = "", reason = "", name = "", node = ""] = line
    .split("|")
    .map((text) => text.trim());
  if (!/^\d+$/.test(at)) return [];
  return [{ job: `${array}_${at}`, name, state, status: Number(status), reason, node }];
}

/** What cannot come right by trying again. */
function isRefusal(words: string): boolean {
  return (
    /invalid|not permitted|unrecognized|unknown|more processors|not available|violates|denied/i.test(words) &&
    !/timed out|unable to contact/i.test(words)
  );
}

/** A run may itself be a job: what Slurm told that job is not meant for others. */
function withoutSettings(env: Readonly<Record<string, string | undefined>>): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(
    ([name]) => name === "SLURM_CONF" || !/^(SLURM|SBATCH|SQUEUE|SACCT|SCANCEL)_/.test(name),
  );
  return Object.fromEntries(kept);
}
