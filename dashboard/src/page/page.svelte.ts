/** What the person in front of the page has chosen, and what all components share. */
import { getContext, setContext } from 'svelte';
import type { DefinitionView, Text } from '../contracts/types.ts';
import type { MetricEntry } from '../domain/metrics.ts';
import { DEFINITION_NAMES, type DefinitionChoice } from '../domain/standing.ts';
import { inLanguage, LANGUAGES, type Language, type Messages } from '../i18n/index.ts';
import type { LiveStore } from '../live/store.svelte.ts';
import { Board } from './board.svelte.ts';
import type { Place } from './address.ts';

export type Dialog = 'help' | 'alerts' | null;

export class Page {
  readonly store: LiveStore;
  readonly board: Board;
  language = $state<Language>('en');
  definition = $state<DefinitionChoice>('own');
  details = $state<string | null>(null);
  dialog = $state<Dialog>(null);
  /** The catalogue of the API; empty until it was asked. */
  definitions = $state.raw<readonly DefinitionView[]>([]);
  /** What each number means, by the API; empty until it was asked. */
  metrics = $state.raw<readonly MetricEntry[]>([]);
  /** Tests put a pseudo-language here. */
  catalogue = $state.raw<Messages | null>(null);

  m = $derived(this.catalogue ?? LANGUAGES[this.language].messages);
  tag = $derived(LANGUAGES[this.language].tag);

  constructor(store: LiveStore, language: Language, place: Place) {
    this.store = store;
    this.language = language;
    this.definition = place.definition;
    this.details = place.details;
    this.board = new Board(store, () => this.definition);
  }

  get place(): Place {
    return { language: this.language, definition: this.definition, details: this.details };
  }

  name(text: Text): string {
    return inLanguage(text, this.language);
  }

  switchLanguage(): void {
    this.language = this.language === 'en' ? 'zh' : 'en';
  }

  nextDefinition(): void {
    const choices: readonly DefinitionChoice[] = ['own', ...DEFINITION_NAMES];
    this.definition = choices[(choices.indexOf(this.definition) + 1) % choices.length] ?? 'own';
  }
}

const PAGE = Symbol('page');

export function providePage(page: Page): void {
  setContext(PAGE, page);
}

export function usePage(): Page {
  return getContext<Page>(PAGE);
}
