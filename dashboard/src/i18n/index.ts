import type { Text } from '../contracts/types.ts';
import { en, type Messages } from './en.ts';
import { zh } from './zh.ts';

export type { Messages };
export type Language = 'en' | 'zh';

/** A page's own texts, in a file for each language: src/i18n/en/NAME.ts, src/i18n/zh/NAME.ts. */
export interface Catalogue<M> {
  en: M;
  zh: M;
}

export const LANGUAGES: Record<Language, { messages: Messages; tag: string }> = {
  en: { messages: en, tag: 'en' },
  zh: { messages: zh, tag: 'zh-CN' },
};

export function isLanguage(value: unknown): value is Language {
  return value === 'en' || value === 'zh';
}

/** The first that is a language of ours: address, what was chosen before, what the browser prefers; else English. */
export function pick(address: string | null, kept: string | null, preferred: readonly string[]): Language {
  if (isLanguage(address)) return address;
  if (isLanguage(kept)) return kept;
  for (const tag of preferred) {
    const language = tag.split('-')[0];
    if (isLanguage(language)) return language;
  }
  return 'en';
}

/** A name of the floor in a language; a site that gave only one gets that. */
export function inLanguage(text: Text, language: Language): string {
  return text[language] || text.en || text.zh;
}
