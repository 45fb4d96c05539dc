import { readFileSync, realpathSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { basename, dirname, join, relative, sep } from "node:path";
import type ignore from "ignore";

/**
 * What is nobody's input: left out wherever a source contains it. A path that a
 * pipeline names itself is never left out, outputs never.
 */
const nobodys: readonly RegExp[] = [
  // Bytecode that Python leaves beside its modules.
  /^__pycache__$/,
  // What macOS, Windows and network disks leave in folders, and at the top of volumes.
  /^\.DS_Store$/,
  /^\._/,
  /^\.(AppleDouble|Spotlight-V100|Trashes|fseventsd|TemporaryItems)$/,
  /^(Thumbs|ehthumbs)\.db$/i,
  /^desktop\.ini$/i,
  /^(\$RECYCLE\.BIN|System Volume Information)$/i,
  /^\.(nfs|fuse_hidden)[0-9a-f]{8,}$/i,
  // Version control.
  /^\.(git|hg|svn|bzr|jj)$/,
  /^CVS$/,
  // Editors' swap, lock, autosave and backup files: Vim, Emacs, LibreOffice, Word, Kate, gedit, JetBrains, Jupyter.
  /^\..*\.sw[a-p]$/,
  /^\.#/,
  /^#.*#$/,
  /~$/,
  /^\.~lock\..*#$/,
  /^~\$/,
  /\.kate-swp$/,
  /^\.goutputstream-/,
  /___jb_(tmp|old|bak)___$/,
  /^\.ipynb_checkpoints$/,
];

/** Decides what of a source's folders is left out. */
export interface SourceFilter {
  /** Filters of one name leave out the same. */
  readonly name: string;
  /** @param full absolute path of the entry; `source` that of the folder which is the source. */
  leavesOut(
    entry: { readonly name: string; readonly full: string; readonly isFolder: boolean },
    source: string,
  ): boolean;
}

export interface Project {
  /** Absolute; its `.flowignore` adds to the list, in gitignore's syntax. */
  readonly root: string;
  /** Folders of flow's own, which no source contains: the cache and the records. */
  readonly own: readonly string[];
}

/** Without a project only the list counts. */
export function sourceFilter(project?: Project): SourceFilter {
  const root = project?.root;
  let read: { readonly text: string | undefined; readonly isRuledOut: Rules } | undefined;
  // When a source is looked at: what goes wrong is told as any other mistake.
  const ofUser = () => {
    if (read === undefined) {
      const text = root === undefined ? undefined : readText(join(root, ".flowignore"));
      const isRuledOut = root === undefined || text === undefined ? () => false : rulesOf(text, root);
      read = { text, isRuledOut };
    }
    return read;
  };
  const own = new Set((project?.own ?? []).map(realPath));
  return {
    get name() {
      return JSON.stringify([project?.root, [...own], ofUser().text]);
    },
    leavesOut({ name, full, isFolder }, source) {
      if (nobodys.some((pattern) => pattern.test(name))) return true;
      // By real path, not by name: others may call a folder `runs` too.
      if (isFolder && own.has(realPath(full))) return true;
      return ofUser().isRuledOut(full, isFolder, source);
    },
  };
}

const load = createRequire(import.meta.url);

type Rules = (full: string, isFolder: boolean, source: string) => boolean;

function rulesOf(text: string, root: string): Rules {
  // As git has it where names differ by their case: the same files on every machine.
  // Loaded where there are rules: most projects have none.
  const rules = (load("ignore") as typeof ignore)({ ignorecase: false }).add(text);
  const bases = new Map<string, string>();
  // Relative to the project, where the source lies in it. A rule that leaves out
  // the source itself, or a folder above it, would leave nothing: it was named.
  const baseOf = (source: string): string => {
    const path = within(root, source);
    return path === undefined || (path !== "" && rules.ignores(`${path}/`)) ? source : root;
  };
  return (full, isFolder, source) => {
    const base = bases.get(source) ?? baseOf(source);
    bases.set(source, base);
    const path = within(base, full);
    return path !== undefined && rules.ignores(isFolder ? `${path}/` : path);
  };
}

/** Which paths a shell's glob names, POSIX and relative to its folder; of a folder that it names, all that is in it. */
export function globFilter(pattern: string): (path: string) => boolean {
  const rule = (load("ignore") as typeof ignore)({ ignorecase: false }).add(`/${pattern}`);
  return (path) => rule.ignores(path);
}

/** The path from a folder to what is in it, POSIX; `undefined` where it is not. */
function within(folder: string, path: string): string | undefined {
  const inner = relative(folder, path).split(sep).join("/");
  return inner === ".." || inner.startsWith("../") ? undefined : inner;
}

function readText(file: string): string | undefined {
  try {
    return statSync(file).isFile() ? readFileSync(file, "utf8") : undefined;
  } catch (error) {
    // Without its rules other files would count: it is left out only where there is none.
    if (/^(ENOENT|ENOTDIR)$/.test((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}

/** Also of what is not there yet: the cache is made after it is opened. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return dirname(path) === path ? path : join(realPath(dirname(path)), basename(path));
  }
}
