/** Which page's component is in front. Components are loaded when they are first wanted, each with its own scripts. */
import type { Component } from 'svelte';
import { PAGES, entryOf, type PageEntry } from './pages.ts';

export type Screen =
  | { is: 'loading' }
  | { is: 'page'; entry: PageEntry; component: Component }
  | { is: 'failed'; entry: PageEntry }
  | { is: 'unknown' };

export class Router {
  readonly pages: readonly PageEntry[];
  #wanted: string | null = null;
  screen = $state.raw<Screen>({ is: 'loading' });

  constructor(pages: readonly PageEntry[] = PAGES) {
    this.pages = pages;
  }

  /** Load and show the page of a path. '/' stays loading: where it leads depends on who looks. */
  async show(path: string): Promise<void> {
    this.#wanted = path;
    const entry = entryOf(path, this.pages);
    if (!entry) {
      this.screen = path === '/' ? { is: 'loading' } : { is: 'unknown' };
      return;
    }
    let next: Screen;
    try {
      next = { is: 'page', entry, component: (await entry.load()).default };
    } catch {
      next = { is: 'failed', entry };
    }
    if (this.#wanted === path) this.screen = next;
  }
}
