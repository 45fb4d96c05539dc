import { cpSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { flow } from "./disturb.ts";
import { build, setPhotos, setWord } from "./project.ts";
import { type Content, type Expected, expectedOf } from "./state.ts";

/** Where a run starts: nothing is there, all is there, or all was and then the user changed things. */
export const scenes = ["cold", "warm", "edited"] as const;
export type Scene = (typeof scenes)[number];

/** A project that can be had in every scene, and what undisturbed runs of it come to. */
export interface Stage {
  /** A fresh copy of the project; the caller removes it. */
  set(scene: Scene): string;
  readonly expected: Readonly<Record<Scene, Expected>>;
  remove(): void;
}

export async function openStage(): Promise<Stage> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "flow-torture-")));
  const at = (scene: Scene): string => join(folder, scene);
  build(at("cold"));
  const done = join(folder, "done");
  cpSync(at("cold"), done, { recursive: true });
  await undisturbed(done);
  const first = expectedOf(done);
  cpSync(done, at("warm"), { recursive: true, verbatimSymlinks: true });
  cpSync(done, at("edited"), { recursive: true, verbatimSymlinks: true });
  edit(at("edited"));
  edit(done);
  await undisturbed(done);
  const second = expectedOf(done);
  // What an edited project may hold is what was there before and what came.
  const both: Content = new Map([...first.content, ...second.content]);
  let copies = 0;
  return {
    set(scene) {
      const copy = join(folder, `copy-${copies++}`);
      cpSync(at(scene), copy, { recursive: true, verbatimSymlinks: true });
      return copy;
    },
    expected: { cold: first, warm: first, edited: { ...second, content: both } },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

async function undisturbed(project: string): Promise<void> {
  const { code, stderr } = await flow(project);
  if (code !== 0 || stderr !== "") throw new Error(`an undisturbed run ended with ${code}: ${stderr}`);
}

/** Other photos and another parameter: every step has something to do. */
function edit(project: string): void {
  setPhotos(project, "more");
  setWord(project, "two");
}
