import { exact } from "../runtimes/subjects.ts";

/** The runtimes that execute ONNX networks. */
export const subjects = exact.filter(({ options }) => options.runtime !== "tensorflow");
