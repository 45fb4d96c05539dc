/**
 * Where a remote keeps things: bytes under names, up to some MB at a time. It
 * knows nothing of what they are; who reads them checks them. All of it throws
 * `ObjectError`.
 */
export interface ObjectStore {
  /** As the user wrote it: `s3://bucket/prefix`, `/mnt/shared/cache`. */
  readonly name: string;
  /**
   * @param most bytes: an object that has more is an error.
   * @returns `undefined` where there is none of that name.
   */
  read(key: string, most: number, waiting: Waiting): Promise<Uint8Array | undefined>;
  has(key: string, waiting: Waiting): Promise<boolean>;
  /**
   * Makes an object: it appears whole or not at all.
   *
   * @returns false where one of that name is there already, which then stays.
   */
  write(key: string, bytes: Uint8Array, waiting: Waiting): Promise<boolean>;
  /** The same in the place of any. */
  overwrite(key: string, bytes: Uint8Array, waiting: Waiting): Promise<void>;
  /** Nothing where there is none. */
  remove(key: string, waiting: Waiting): Promise<void>;
}

export interface Waiting {
  readonly signal: AbortSignal;
  /** How long no byte may move. */
  readonly silenceMs: number;
}

/** Why a remote did not do what it was asked, as a sentence without credentials. */
export class ObjectError extends Error {
  override readonly name = "ObjectError";
  readonly kind: "refused" | "away";
  /**
   * @param kind `refused`: it will not come right by trying again (credentials, rights, no such bucket).
   *   `away`: it does not answer, was cut off, or asks for patience.
   */
  constructor(kind: "refused" | "away", message: string) {
    super(message);
    this.kind = kind;
  }
}
