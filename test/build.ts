import { execFileSync } from "node:child_process";

/** Commands are tested as they are built; Vitest calls this once before all tests. */
export default function build(): void {
  execFileSync("sh", ["scripts/build.sh"], { stdio: "inherit" });
}
