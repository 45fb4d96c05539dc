import { closeSync, openSync, readSync } from "node:fs";

/** Prints what is added to a file, line by line, from the moment it is opened. */
export interface LogFollower {
  /** Passes on the lines that are complete by now. */
  look(): void;
  /** Passes on the rest. */
  end(): void;
}

const PIECE = 1 << 16;

export function followLog(path: string, line: (text: string) => void): LogFollower {
  let position = 0;
  let held = "";
  const decoder = new TextDecoder();
  const look = (): void => {
    for (let bytes = read(path, position); bytes.length > 0; bytes = read(path, position)) {
      position += bytes.length;
      const lines = (held + decoder.decode(bytes, { stream: true })).split("\n");
      held = lines.pop() as string;
      for (const text of lines) line(text);
      // A line without an end is passed on in pieces: it may never end.
      if (held.length < PIECE) continue;
      line(held);
      held = "";
    }
  };
  return {
    look,
    end() {
      look();
      if (held !== "") line(held);
      held = "";
    },
  };
}

function read(path: string, position: number): Buffer {
  try {
    const file = openSync(path, "r");
    try {
      const piece = Buffer.alloc(PIECE);
      return piece.subarray(0, readSync(file, piece, 0, PIECE, position));
    } finally {
      closeSync(file);
    }
  } catch {
    // It is made when there is something to write.
    return Buffer.alloc(0);
  }
}
