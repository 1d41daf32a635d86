/** What the person in front of the page has chosen, and what all components share. */
import { getContext, setContext } from 'svelte';
import type { DefinitionView, Session, Text } from '../contracts/types.ts';
import type { MetricEntry } from '../domain/metrics.ts';
import { DEFINITION_NAMES, type DefinitionChoice } from '../domain/standing.ts';
import { inLanguage, LANGUAGES, type Catalogue, type Language, type Messages } from '../i18n/index.ts';
import type { Commands } from '../live/commands.ts';
import type { LiveStore } from '../live/store.svelte.ts';
import { Board } from './board.svelte.ts';
import { Toasts } from './toasts.svelte.ts';
import { write, type Place, type Theme } from './address.ts';

export type Role = Session['role'];

/** A key that the page in front understands; shown in the help. */
export interface PageKey {
  key: string;
  text: string;
  run: () => void;
}

export class Page {
  readonly store: LiveStore;
  readonly board: Board;
  readonly commands: Commands;
  readonly toasts = new Toasts();
  path = $state('/');
  language = $state<Language>('en');
  theme = $state<Theme | null>(null);
  definition = $state<DefinitionChoice>('own');
  details = $state<string | null>(null);
  rest = $state.raw<Readonly<Record<string, string>>>({});
  /** Name of the open dialog: 'help', or one of the page's own. */
  dialog = $state<string | null>(null);
  keys = $state.raw<readonly PageKey[]>([]);
  /** Who looks; null until the API was asked. */
  session = $state.raw<Session | null>(null);
  /** The catalogue of the API; empty until it was asked. */
  definitions = $state.raw<readonly DefinitionView[]>([]);
  /** What each number means, by the API; empty until it was asked. */
  metrics = $state.raw<readonly MetricEntry[]>([]);
  /** Tests turn every text into a pseudo-language here. */
  strange = $state.raw<(<M extends object>(messages: M) => M) | null>(null);

  m = $derived<Messages>(this.#told(LANGUAGES.en.messages, LANGUAGES.zh.messages));
  tag = $derived(LANGUAGES[this.language].tag);

  constructor(store: LiveStore, commands: Commands, language: Language, place: Place) {
    this.store = store;
    this.commands = commands;
    this.take(place);
    this.language = language;
    this.board = new Board(store, () => this.definition);
  }

  get place(): Place {
    const { path, language, theme, definition, details, rest } = this;
    return { path, language, theme, definition, details, rest };
  }

  /** Be where an address says. */
  take(place: Place): void {
    this.path = place.path;
    if (place.language !== null) this.language = place.language;
    this.theme = place.theme;
    this.definition = place.definition;
    this.details = place.details;
    this.rest = place.rest;
    this.dialog = null;
  }

  /** To another page. What is common to all pages is kept, its own words of the address are `rest`. */
  go(path: string, rest: Readonly<Record<string, string>> = {}): void {
    this.take({ ...this.place, path, details: null, rest });
  }

  /** The address of another page, for links. */
  href(path: string, rest: Readonly<Record<string, string>> = {}): string {
    return write({ ...this.place, path, details: null, rest });
  }

  /** A word of the page's own in the address: ?site=harbour. */
  param(name: string): string | null {
    return this.rest[name] ?? null;
  }

  /** Sets a word of the page's own in the address; null takes it away. */
  put(name: string, value: string | null): void {
    const others = Object.entries(this.rest).filter(([each]) => each !== name);
    this.rest = Object.fromEntries(value === null ? others : [...others, [name, value]]);
  }

  /** A page's own texts in the reader's language. */
  words<M extends object>(catalogue: Catalogue<M>): M {
    return this.#told(catalogue.en, catalogue.zh);
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

  #told<M extends object>(en: M, zh: M): M {
    const messages = this.language === 'zh' ? zh : en;
    return this.strange ? this.strange(messages) : messages;
  }
}

const PAGE = Symbol('page');

export function providePage(page: Page): void {
  setContext(PAGE, page);
}

export function usePage(): Page {
  return getContext<Page>(PAGE);
}

/** The context of a component that is rendered by itself, in tests. */
export function pageContext(page: Page): Map<unknown, unknown> {
  return new Map([[PAGE, page]]);
}

/** Call while a component is set up: keys that work as long as it is there. */
export function useKeys(keys: () => readonly PageKey[]): void {
  const page = usePage();
  $effect(() => {
    page.keys = keys();
    return () => (page.keys = []);
  });
}
