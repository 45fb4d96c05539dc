export const isArchive = (name: string): boolean => /\.(zip|tar|tgz|tar\.gz)$/i.test(name);
export const archiveStem = (name: string): string => name.replace(/\.(zip|tar|tgz|tar\.gz)$/i, "");
export async function unpack(
  _a: string,
  _f: string,
  _o: { signal: AbortSignal },
): Promise<{ notes: string[] }> {
  throw new Error("archives are unpacked by a later commit");
}
