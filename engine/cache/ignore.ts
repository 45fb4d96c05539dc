import { readFileSync, realpathSync, statSync } from "node:fs";
import { join, relative, sep } from "node:path";
import ignore, { type Ignore } from "ignore";

/**
 * What is nobody's input: left out wherever a source contains it. A path that a
 * pipeline names itself is never left out, outputs never.
 */
const nobodys: readonly RegExp[] = [
  // Bytecode that Python leaves beside its modules.
  /^__pycache__$/,
  // What macOS and Windows leave in folders.
  /^\.DS_Store$/,
  /^\._/,
  /^(Thumbs|ehthumbs)\.db$/i,
  /^desktop\.ini$/i,
  // Version control.
  /^\.(git|hg|svn|bzr|jj)$/,
  /^CVS$/,
  // Editors' swap, lock, autosave and backup files: Vim, Emacs, LibreOffice, Kate, gedit, JetBrains.
  /^\..*\.sw[a-p]$/,
  /^\.#/,
  /^#.*#$/,
  /~$/,
  /^\.~lock\..*#$/,
  /\.kate-swp$/,
  /^\.goutputstream-/,
  /___jb_(tmp|old|bak)___$/,
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
  const file = project && join(project.root, ".flowignore");
  let read: { readonly text: string | undefined; readonly rules: Ignore | undefined } | undefined;
  // When a source is looked at: what goes wrong is told as any other mistake.
  const ofUser = () => {
    if (read === undefined) {
      const text = file && readText(file);
      read = { text, rules: text === undefined ? undefined : ignore().add(text) };
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
      return ofUser().rules?.ignores(pathForRules(full, source, project?.root ?? "", isFolder)) === true;
    },
  };
}

/** Relative to the project, where the source lies in it; else to the source. */
function pathForRules(full: string, source: string, root: string, isFolder: boolean): string {
  const base = full.startsWith(root + sep) ? root : source;
  const path = relative(base, full).split(sep).join("/");
  return isFolder ? `${path}/` : path;
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

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
