/** What of the page is kept in its address, so that a reload or a link shows the same. */
import { DEFINITION_NAMES, type DefinitionChoice } from '../domain/standing.ts';
import { isLanguage, type Language } from '../i18n/index.ts';

export const THEMES = ['auto', 'dark', 'light'] as const;
export type Theme = (typeof THEMES)[number];

export interface Place {
  /** Which page: '/wall', '/supervisor' … */
  path: string;
  language: Language | null;
  /** null: as the page likes it best. */
  theme: Theme | null;
  definition: DefinitionChoice;
  /** Id of the queue or site whose details are open. */
  details: string | null;
  /** What the page itself has put there, and what others have. */
  rest: Readonly<Record<string, string>>;
}

const OURS: readonly string[] = ['lang', 'theme', 'definition', 'details'];

export function isTheme(value: unknown): value is Theme {
  return THEMES.some((theme) => theme === value);
}

export function read(path: string, search: string): Place {
  const query = new URLSearchParams(search);
  const language = query.get('lang');
  const theme = query.get('theme');
  return {
    path,
    language: isLanguage(language) ? language : null,
    theme: isTheme(theme) ? theme : null,
    definition: DEFINITION_NAMES.find((name) => name === query.get('definition')) ?? 'own',
    details: query.get('details'),
    rest: Object.fromEntries([...query].filter(([name]) => !OURS.includes(name))),
  };
}

/** Path and query of a place; what is as it comes is not said. */
export function write(place: Place): string {
  const query = new URLSearchParams(place.rest);
  if (place.definition !== 'own') query.set('definition', place.definition);
  if (place.language !== null) query.set('lang', place.language);
  if (place.theme !== null) query.set('theme', place.theme);
  if (place.details !== null) query.set('details', place.details);
  const text = query.toString().replaceAll('%2F', '/');
  return text === '' ? place.path : `${place.path}?${text}`;
}
