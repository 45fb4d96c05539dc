import { MachineError, StepError } from "../../engine/step-type.ts";

/** Why a file did not come from one URL; others may have it. */
export class WebFailure extends Error {
  override readonly name = "WebFailure";
  /** `machine`: the network's; `step`: of the URL, or of what came. */
  readonly blame: "machine" | "step";
  /** Whether it is worth another try. */
  readonly passes: boolean;

  constructor(message: string, { blame, passes }: Pick<WebFailure, "blame" | "passes">) {
    super(message);
    this.blame = blame;
    this.passes = passes;
  }
}

/** What is told where no URL gave the file. */
export function asError(failures: readonly WebFailure[]): StepError | MachineError {
  const messages = failures.map(({ message }) => message);
  const text =
    messages.length === 1
      ? (messages[0] as string)
      : `none of ${messages.length} mirrors gave the file:\n${messages.join("\n")}`;
  // As long as the network may be to blame, the same command may do later.
  const isMachines = failures.some(({ blame }) => blame === "machine");
  return isMachines ? new MachineError(text) : new StepError(text);
}

/** An error of a connection in words. */
export function connectionFailure(error: unknown, where: string): WebFailure {
  if (error instanceof WebFailure) return error;
  const { code = "", message } = error as NodeJS.ErrnoException;
  const words = connectionCodes[code] ?? `the connection fails: ${message || code}`;
  return new WebFailure(`${where}: ${words}`, {
    blame: "machine",
    passes: !/CERT|TLS|SSL|SIGNED/.test(code),
  });
}

const connectionCodes: Readonly<Record<string, string>> = {
  ENOTFOUND: "no such host is known",
  EAI_AGAIN: "the name of the host cannot be looked up now",
  ECONNREFUSED: "the host refuses the connection",
  ECONNRESET: "the connection was cut",
  EPIPE: "the connection was cut",
  ETIMEDOUT: "the host does not answer",
  EHOSTUNREACH: "the host cannot be reached",
  ENETUNREACH: "the network cannot be reached",
};
