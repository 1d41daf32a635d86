/** The ways to look at a menu, as the address names them. */
export const VIEWS = ['map', 'nodes', 'links', 'halves', 'segments'] as const;
export type View = (typeof VIEWS)[number];

export function viewOf(word: string | null): View {
  return VIEWS.find((view) => view === word) ?? 'map';
}
