/** What stands around the pages: who finds which, the way to them, and their texts. */
import { describe, expect, it } from 'vitest';
import App from '../../src/App.svelte';
import { LANGUAGES } from '../../src/i18n/index.ts';
import { homeOf, PAGES, pagesOf, type PageEntry } from '../../src/shell/pages.ts';
import { Router } from '../../src/shell/router.svelte.ts';
import { said } from '../../src/shell/act.ts';
import { SHELL } from '../../src/shell/words.ts';
import EmptyNotice from '../../src/wall/EmptyNotice.svelte';
import type { Session } from '../../src/contracts/types.ts';
import { sample } from '../samples.ts';
import { inPseudo, stage, strangers, texts } from './stage.ts';

const ROLES = ['viewer', 'supervisor', 'team_lead', 'dispatcher', 'administrator'] as const;
const some = (path: string, roles: PageEntry['roles'], more: Partial<PageEntry> = {}): PageEntry => ({
  path,
  name: { en: `Name of ${path}`, zh: `${path} 页` },
  roles,
  load: () => Promise.resolve({ default: EmptyNotice }),
  ...more,
});
const THREE = [
  some('/wall', ROLES, { bare: true }),
  some('/team', ['team_lead', 'administrator']),
  some('/sign-in', ROLES, { bare: true }),
];

describe('which page', () => {
  it('each role has a home that it may see', () => {
    for (const role of ROLES) expect(pagesOf(role).map((entry) => entry.path)).toContain(homeOf(role));
    expect(homeOf('team_lead', THREE)).toBe('/team');
    expect(homeOf('dispatcher', THREE)).toBe('/wall');
    expect(pagesOf('team_lead', THREE).map((entry) => entry.path)).toEqual(['/wall', '/team']);
  });

  it('every registered page can be loaded, and has a name in both languages', async () => {
    expect(new Set(PAGES.map((entry) => entry.path)).size).toBe(PAGES.length);
    for (const entry of PAGES) {
      expect((await entry.load()).default, entry.path).toBeTypeOf('function');
      expect(entry.name.zh, entry.path).toMatch(/[\u4e00-\u9fff]/);
    }
    // Every page is compiled here for the first time, maybe beside much else.
  }, 60_000);

  it('the last one that was wanted is shown, however long another takes', async () => {
    let arrive: () => void = () => undefined;
    const slow = some('/team', ROLES, {
      load: () => new Promise((resolve) => (arrive = () => resolve({ default: EmptyNotice }))),
    });
    const router = new Router([slow, some('/wall', ROLES)]);
    const first = router.show('/team');
    await router.show('/wall');
    arrive();
    await first;
    expect(router.screen).toMatchObject({ is: 'page', entry: { path: '/wall' } });
  });

  it('there is none: not there, not loaded, or not yet known', async () => {
    const router = new Router([some('/team', ROLES, { load: () => Promise.reject(new Error('gone')) })]);
    await router.show('/nowhere');
    expect(router.screen).toEqual({ is: 'unknown' });
    await router.show('/team');
    expect(router.screen).toMatchObject({ is: 'failed' });
    await router.show('/');
    expect(router.screen).toEqual({ is: 'loading' });
  });
});

describe('in the pseudo-language nothing else is to be read', () => {
  const NO_LANGUAGE = /floorwatch \w+|POST \/v1\/events|\b(?:Tab|Esc|Enter|[LTJ])\b|中文|Name of \/\S+/g;

  async function seen(path: string, role: (typeof ROLES)[number], dialog: string | null = null) {
    const { page } = stage(path);
    inPseudo(page);
    page.session = { ...(sample('rest_session') as Session), role };
    page.dialog = dialog;
    const router = new Router(THREE);
    await router.show(path);
    const read = texts(App, page, { page, router });
    expect(strangers(read, [], NO_LANGUAGE)).toBe('');
    return read;
  }

  it('navigation, account and help', async () => {
    const read = await seen('/team', 'team_lead', 'help');
    for (const word of ['Name of /wall', 'Name of /team', SHELL.en.role.team_lead, SHELL.en.keysEverywhere])
      expect(read).toContain(word);
    expect(read).not.toContain('Name of /sign-in');
  });

  it('a page that is not there, or not for the role', async () => {
    expect(await seen('/nowhere', 'viewer')).toContain(SHELL.en.unknownPage);
    expect(await seen('/team', 'viewer')).toContain(SHELL.en.notYours);
  });

  it('the server is lost', async () => {
    const { page, clock, hear } = stage('/team');
    inPseudo(page);
    hear({ type: 'snapshot', epoch: 'e', seq: 1, items: [] });
    clock.advance(20_000);
    const router = new Router(THREE);
    await router.show('/team');
    expect(texts(App, page, { page, router })).toContain(`⟦${LANGUAGES.en.messages.lostFor('0:20')}`);
  });
});

describe('the words for an answer', () => {
  const { page } = stage('/wall');
  const refused = (code: string, message = '') => said(page, { said: 'refused', code, message, view: null });

  it('are the page’s own, in the reader’s language; details of the API follow where there are any', () => {
    expect(refused('stale', 'It has changed.')).toEqual({ tone: 'bad', text: SHELL.en.refused.stale });
    expect(refused('invalid', 'until: too early').text).toBe(`${SHELL.en.refused.invalid} until: too early`);
    expect(refused('strange_code', 'Why.').text).toBe(`${SHELL.en.refused.other} Why.`);
    expect(said(page, { said: 'away' })).toEqual({ tone: 'bad', text: SHELL.en.away });
    page.language = 'zh';
    expect(refused('stale').text).toBe(SHELL.zh.refused.stale);
    page.language = 'en';
  });
});

describe('the address and the page', () => {
  it('a link to another page keeps what is common and leaves the rest', () => {
    const { page } = stage('/team?lang=zh&definition=talkdesk&site=hill&details=hill/sales');
    expect(page.href('/wall')).toBe('/wall?definition=talkdesk&lang=zh');
    page.go('/wall', { site: 'hill' });
    expect(page.place).toMatchObject({ path: '/wall', details: null, rest: { site: 'hill' } });
    page.put('tab', 'alerts');
    page.put('site', null);
    expect([page.param('tab'), page.param('site')]).toEqual(['alerts', null]);
  });
});
