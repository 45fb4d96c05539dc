import type { JsonObject } from "./json.ts";

export interface ReadonlyStore {
  readonly id: string;
  /** Complete entries in code-unit order of their names. */
  entries(): Promise<readonly StoreEntry[]>;
  /** The same, with what is needed of their descriptions alone: for stores of thousands of entries. */
  condensed(condenser: Condenser): Promise<readonly CondensedEntry[]>;
}

export interface Store extends ReadonlyStore {
  /**
   * Publishes a folder that `write` fills, by one rename. A name that exists
   * already is kept as it is: then another execution wrote the entry.
   */
  publish(name: string, write: WriteEntry): Promise<PublishedEntry>;
  /**
   * The entry of a name, from whichever execution writes it first: as it is there,
   * or as `write` makes it. While another execution is writing it this one waits;
   * where that one fails or dies, this one writes. That it is written once saves
   * work, and nothing may depend on it.
   */
  once(name: string, write: WriteEntry): Promise<PublishedEntry>;
  /** The same without waiting: `undefined` while another execution is writing it. */
  tryOnce(name: string, write: WriteEntry): Promise<PublishedEntry | undefined>;
  /** Declares that the outputs of this execution need the entry. */
  lean(entry: EntryName): void;
  /** Deletes an entry that this execution wrote itself; any other is an error. */
  drop(entry: StoreEntry): Promise<void>;
}

export interface EntryName {
  readonly store: string;
  readonly name: string;
  /** Absolute path of its folder, to be read only. */
  readonly path: string;
}

export interface StoreEntry extends EntryName {
  /** What `write` returned: a description of the content, without clocks or names. */
  readonly about: JsonObject;
}

export interface PublishedEntry extends StoreEntry {
  /** Whether this call wrote it. */
  readonly isOwn: boolean;
}

/** Fills an entry's folder, an absolute path; returns its description. */
export type WriteEntry = (folder: string) => Promise<JsonObject>;

/** What is needed of an entry's description: small in a note, large as bytes. */
export interface Condensed {
  readonly note: JsonObject;
  readonly bytes: Uint8Array;
}

export interface Condenser {
  /** What it makes is kept under this name, a word: it gets another when it makes something else. */
  readonly kind: string;
  condense(about: JsonObject): Condensed;
}

export interface CondensedEntry extends EntryName, Condensed {}
