import type { CommonOptions, ExitCode, Program } from "./program.ts";
import { exitCode } from "./program.ts";

export async function doctor(
  _program: Program,
  _none: undefined,
  _options: CommonOptions,
): Promise<ExitCode> {
  return exitCode.ok;
}
