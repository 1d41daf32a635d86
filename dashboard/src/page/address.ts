/** What of the page is kept in its address, so that a reload or a link shows the same. */
import { DEFINITION_NAMES, type DefinitionChoice } from '../domain/standing.ts';
import { isLanguage, type Language } from '../i18n/index.ts';

export interface Place {
  language: Language | null;
  definition: DefinitionChoice;
  /** Id of the queue or site whose details are open. */
  details: string | null;
}

export function read(search: string): Place {
  const query = new URLSearchParams(search);
  const language = query.get('lang');
  const definition = DEFINITION_NAMES.find((name) => name === query.get('definition')) ?? 'own';
  return { language: isLanguage(language) ? language : null, definition, details: query.get('details') };
}

/** The address for a place; what others have put into it stays. */
export function write(search: string, place: Place): string {
  const query = new URLSearchParams(search);
  const put = (name: string, value: string | null) =>
    value === null ? query.delete(name) : query.set(name, value);
  put('lang', place.language);
  put('definition', place.definition === 'own' ? null : place.definition);
  put('details', place.details);
  const text = query.toString().replaceAll('%2F', '/');
  return text === '' ? '' : `?${text}`;
}
