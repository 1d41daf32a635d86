/** Lists of sites and teams as they are typed and read. */

/** 'a, b' → ['a', 'b']; nothing typed: null, no limit. */
export function listed(text: string): string[] | null {
  const found = text
    .split(/[,，\s]+/)
    .map((part) => part.trim())
    .filter((part) => part !== '');
  return found.length === 0 ? null : found;
}

export function places(
  rights: { sites: readonly string[] | null; teams?: readonly string[] | null },
  everywhere: string,
): string {
  const found = rights.teams ?? rights.sites;
  return found === null ? everywhere : found.join(', ') || '–';
}
