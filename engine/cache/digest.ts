/** The digits of a digest or key (`sha256:<hex>`): what names its file. */
export function hex(digest: string): string {
  return digest.slice(digest.indexOf(":") + 1);
}
