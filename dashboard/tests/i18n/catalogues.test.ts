import { describe, expect, it } from 'vitest';
import { en } from '../../src/i18n/en.ts';
import { inLanguage, LANGUAGES, pick } from '../../src/i18n/index.ts';
import { pseudo } from '../../src/i18n/pseudo.ts';
import { zh } from '../../src/i18n/zh.ts';

/** Each page's own catalogues by name, of both languages; one that is missing in a language is undefined. */
function pagesOwn(): [string, unknown, unknown][] {
  const files = import.meta.glob<Record<string, unknown>>('../../src/i18n/{en,zh}/*.ts', { eager: true });
  const of = (language: string, name: string) => files[`../../src/i18n/${language}/${name}.ts`]?.[name];
  const names = new Set(Object.keys(files).map((path) => path.replace(/^.*\/|\.ts$/g, '')));
  return [...names].map((name) => [name, of('en', name), of('zh', name)]);
}

interface Leaf {
  path: string;
  value: unknown;
}

function leaves(value: unknown, path = ''): Leaf[] {
  if (typeof value !== 'object' || value === null) return [{ path, value }];
  return Object.entries(value).flatMap(([key, part]) => leaves(part, path ? `${path}.${key}` : key));
}

/** A message with its arguments filled in. */
function text(value: unknown): string {
  return typeof value === 'function'
    ? String((value as (...args: number[]) => unknown)(7, 8, 9, 10))
    : String(value);
}

describe.each([['common', en, zh], ...pagesOwn()])('the catalogue %s', (_, en, zh) => {
  it('have the same keys, and functions where the other has functions', () => {
    const shape = (messages: unknown) =>
      leaves(messages).map(({ path, value }) => `${path}: ${typeof value}`);
    expect(shape(zh)).toEqual(shape(en));
  });

  it('leave nothing empty', () => {
    for (const messages of [en, zh])
      for (const { path, value } of leaves(messages)) expect(text(value), path).not.toBe('');
  });

  it('use every argument in both languages', () => {
    const english = new Map(leaves(en).map(({ path, value }) => [path, value]));
    for (const { path, value } of leaves(zh)) {
      const numbers = (each: unknown) =>
        [...text(each).matchAll(/\b(?:7|8|9|10)\b|(?:7|8|9|10)/g)].map((match) => match[0]).sort();
      if (typeof value === 'function') expect(numbers(value), path).toEqual(numbers(english.get(path)));
    }
  });

  it('Chinese is Chinese, but for names, units and signs', () => {
    const latin = /^(?:Floorwatch|English|×7|%)$/;
    for (const { path, value } of leaves(zh)) {
      if (!latin.test(text(value))) expect(text(value), path).toMatch(/[\u4e00-\u9fff]/);
    }
  });

  it('English is without Chinese, but for the name of the other language', () => {
    for (const { path, value } of leaves(en)) {
      if (path !== 'otherLanguage' && path !== 'keyLanguage')
        expect(text(value), path).not.toMatch(/[\u4e00-\u9fff]/);
    }
  });
});

describe('choosing a language', () => {
  it('address before habit before browser before English', () => {
    expect(pick('zh', 'en', ['en-GB'])).toBe('zh');
    expect(pick(null, 'zh', ['en-GB'])).toBe('zh');
    expect(pick('xx', null, ['fr-FR', 'zh-Hans-CN', 'en'])).toBe('zh');
    expect(pick(null, null, ['fr'])).toBe('en');
    expect(LANGUAGES.zh.tag).toBe('zh-CN');
  });

  it('a name that is missing in one language is given in the other', () => {
    expect(inLanguage({ en: 'Sales', zh: '销售' }, 'zh')).toBe('销售');
    expect(inLanguage({ en: 'Sales', zh: '' }, 'zh')).toBe('Sales');
  });
});

it('the pseudo-language marks and stretches every text', () => {
  const strange = leaves(pseudo(en));
  expect(strange).toHaveLength(leaves(en).length);
  for (const { path, value } of strange) expect(text(value), path).toMatch(/^⟦.*⟧$/s);
});
