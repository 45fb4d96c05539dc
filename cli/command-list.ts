import { Option } from "commander";
import { collect, readBytes, readPort, readSize, readWhole } from "./option-values.ts";
import type { ExitCode, Program } from "./program.ts";

export interface CommandSpec {
  readonly name: string;
  readonly description: string;
  /** What it takes beside options. Default: a pipeline file. */
  readonly takes?: readonly Argument[];
  readonly options: readonly Option[];
  /** What `--json` prints: an object a line while things happen, or one document. */
  readonly format: "lines" | "document";
  /** Loads the command when it is called: help costs nothing. */
  load(): Promise<(program: Program, argument: never, options: never) => Promise<ExitCode>>;
}

interface Argument {
  /** As commander writes it: `<needed>`, `[optional]`, `[several...]`. */
  readonly form: string;
  readonly description: string;
}

export const pipelineFile: Argument = { form: "<pipeline>", description: "the pipeline file" };
const runName: Argument = {
  form: "<run>",
  description: "a run: its id or the beginning of it, latest, latest~1, or a pipeline file",
};

const planOptions = (): readonly Option[] => [
  new Option("-f, --force", "run every step, whatever is cached"),
  new Option("-R, --rerun <step>", "run this step, whatever is cached; may be repeated")
    .argParser(collect)
    .default([], "none"),
  new Option("--until <step>", "only this step and what it needs"),
];

const remoteOptions = (): readonly Option[] => [
  new Option("--remote <where>", "s3://bucket/prefix, or a folder (default: as flow.config.yaml says)"),
];

/** Every command, as its help describes it. */
export const commands: readonly CommandSpec[] = [
  {
    name: "run",
    description: "bring every result of a pipeline up to date",
    options: [
      ...planOptions(),
      new Option("-n, --dry-run", "only show what would run, and why (flow plan)"),
      new Option(
        "-j, --jobs <count>",
        "how many steps may run at a time (default: the number of cores; with Slurm 100)",
      ).argParser(readWhole(9_999)),
      new Option("--executor <kind>", "where steps run (default: as flow.config.yaml says)").choices([
        "local",
        "slurm",
      ]),
      new Option(
        "--remote <where>",
        "fetch results of others from there (default: as flow.config.yaml says)",
      ),
      new Option("--no-remote", "neither fetch nor send results"),
      new Option("--push <when>", "whether results are sent to the remote").choices(["auto", "never"]),
      new Option("-k, --keep-going", "after a failure, go on with all that does not need what failed"),
      new Option("-q, --quiet", "print nothing but failures and the summary"),
      new Option("-v, --verbose", "print what steps log"),
      new Option("-y, --yes", "bring weights and runtimes that are missing, without asking (flow setup)"),
    ],
    format: "lines",
    load: async () => (await import("./run.ts")).run,
  },
  {
    name: "plan",
    description: "show what would run, and why",
    options: [...planOptions(), new Option("--check", "exit with 3 if anything would run")],
    format: "document",
    load: async () => (await import("./plan.ts")).plan,
  },
  {
    name: "validate",
    description: "report every mistake in a pipeline file",
    options: [],
    format: "document",
    load: async () => (await import("./validate.ts")).validate,
  },
  {
    name: "status",
    description: "show what the last run did and what would run now",
    options: [],
    format: "document",
    load: async () => (await import("./status.ts")).status,
  },
  {
    name: "graph",
    description: "print the pipeline's graph",
    options: [
      new Option("--format <name>", "language of the graph").choices(["mermaid", "dot"]).default("mermaid"),
    ],
    format: "document",
    load: async () => (await import("./graph.ts")).graph,
  },
  {
    name: "predict",
    description: "say what a model of a run makes of pictures",
    takes: [runName, { form: "<picture...>", description: "files, folders, globs, or - for standard input" }],
    options: [
      new Option("--step <id>", "the train step whose model it is, where there are several"),
      new Option("--csv", "print lines as those of predictions.csv"),
      new Option("--runtime <name>", "compute the network with this one (default: as it was trained)"),
      new Option("--device <name>", "compute the network there (default: as the pipeline says)"),
    ],
    format: "lines",
    load: async () => (await import("./predict.ts")).predict,
  },
  {
    name: "serve",
    description: "answer for a model of a run over HTTP, with a page to try it",
    takes: [runName],
    options: [
      new Option("--step <id>", "the train step whose model it is, where there are several"),
      new Option("--port <number>", "where it listens; 0 takes any that is free")
        .argParser(readPort)
        .default(8080),
      new Option("--host <name>", "an address of this machine").default("127.0.0.1"),
      new Option("--allow-host <name>", "a name that clients may call it by; may be repeated")
        .argParser(collect)
        .default([], "of loopback alone"),
      new Option("--token <text>", "what clients must know (also: $FLOW_SERVE_TOKEN)"),
      new Option("--insecure", "let others ask without a token"),
      new Option("--max-bytes <size>", "of a request's body: 20MB, 500kB")
        .argParser(readBytes)
        .default(20e6, "20MB"),
      new Option("--max-pixels <count>", "of a picture")
        .argParser(readWhole(999_999_999))
        .default(64_000_000),
      new Option("--timeout <seconds>", "for a request's body, and then for its answer")
        .argParser(readWhole(86_400))
        .default(30),
      new Option("--max-queue <count>", "requests that are under way at a time")
        .argParser(readWhole(9_999))
        .default(64),
      new Option("--runtime <name>", "compute the network with this one (default: as it was trained)"),
      new Option("--device <name>", "compute the network there (default: as the pipeline says)"),
    ],
    format: "lines",
    load: async () => (await import("./serve.ts")).serve,
  },
  {
    name: "report",
    description: "say where the page of a run's report is; make it where it is not there",
    takes: [runName],
    options: [
      new Option("--step <id>", "which report, where the run has several"),
      new Option("--open", "open it in a browser"),
    ],
    format: "document",
    load: async () => (await import("./report.ts")).report,
  },
  {
    name: "export",
    description: "write a model of a run, or its features, for other programs",
    takes: [runName],
    options: [
      new Option("--format <name>", "a model: onnx, tfjs, keras; features: numpy, hdf5, parquet, csv"),
      new Option("--include <what>", "of a model: the head alone, or all from pixels on")
        .choices(["head", "all"])
        .default("head"),
      new Option("-o, --output <folder>", "where to: a folder that is new or empty"),
      new Option("--step <id>", "the step that made it, where there are several"),
    ],
    format: "document",
    load: async () => (await import("./export.ts")).exportFiles,
  },
  {
    name: "push",
    description: "send the results of a pipeline to the remote",
    takes: [pipelineFile],
    options: [...remoteOptions(), new Option("--until <step>", "only this step and what it needs")],
    format: "document",
    load: async () => (await import("./push.ts")).push,
  },
  {
    name: "pull",
    description: "fetch the results of a pipeline from the remote",
    takes: [
      { form: "<pipeline[/step]>", description: "the pipeline file, or one of its steps with what it needs" },
    ],
    options: [...remoteOptions()],
    format: "document",
    load: async () => (await import("./pull.ts")).pull,
  },
  {
    name: "remote",
    description: "check whether results can be fetched from the remote, and sent there",
    takes: [{ form: "<check>", description: "check" }],
    options: [...remoteOptions()],
    format: "document",
    load: async () => (await import("./remote-check.ts")).remote,
  },
  {
    name: "layers",
    description: "list the layers of a network, as `layer:` takes them",
    takes: [{ form: "<network>", description: "its name, or the path of its file or folder" }],
    options: [
      new Option("--weights <file>", "say whether these weights belong to it"),
      new Option("--size <HxW>", "of its pictures, in pixels (default: its own)").argParser(readSize),
    ],
    format: "document",
    load: async () => (await import("./layers.ts")).layers,
  },
  {
    name: "setup",
    description: "list runtimes and weights of networks, or bring one",
    takes: [
      {
        form: "[name...]",
        description: "what to bring: <runtime>, weights <network> (default: list them)",
      },
    ],
    options: [
      new Option("--gpu", "with what NVIDIA GPUs need"),
      new Option("--from <place>", "where the weights are: a URL, a file or a folder (default: Keras')"),
      new Option("--remove", "remove it"),
      new Option("-y, --yes", "fetch without asking"),
    ],
    format: "document",
    load: async () => (await import("./setup.ts")).setup,
  },
  {
    name: "doctor",
    description: "check the machine, the runtimes and the cache",
    takes: [],
    options: [],
    format: "document",
    load: async () => (await import("./doctor.ts")).doctor,
  },
];
