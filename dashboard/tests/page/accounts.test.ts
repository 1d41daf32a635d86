/** Signing in, accounts, keys and screens: their texts, and how lists of sites are typed. */
import { describe, expect, it } from 'vitest';
import AccountForm from '../../src/accounts/AccountForm.svelte';
import AccountsPage from '../../src/accounts/AccountsPage.svelte';
import OnceDialog from '../../src/accounts/OnceDialog.svelte';
import PasswordDialog from '../../src/accounts/PasswordDialog.svelte';
import ScreensPage from '../../src/accounts/ScreensPage.svelte';
import SignInPage from '../../src/accounts/SignInPage.svelte';
import { listed, places } from '../../src/accounts/rights.ts';
import { inPseudo, stage, strangers, texts } from './stage.ts';

const NO_LANGUAGE = /English|中文|Esc|floorwatch link --role administrator|请登录|Please sign in/g;
const nothing = () => undefined;

describe('lists of sites', () => {
  it('nothing typed is no limit, commas of either language part', () => {
    expect(listed('  ')).toBeNull();
    expect(listed('harbour, hill，bank  porto')).toEqual(['harbour', 'hill', 'bank', 'porto']);
  });

  it('teams say more than sites, and an empty list is nothing', () => {
    expect(places({ sites: null, teams: null }, 'everywhere')).toBe('everywhere');
    expect(places({ sites: ['harbour'], teams: ['harbour/day'] }, 'everywhere')).toBe('harbour/day');
    expect(places({ sites: [] }, 'everywhere')).toBe('–');
  });
});

describe('every text is of the catalogue', () => {
  it.each([
    ['sign in', SignInPage, {}],
    ['accounts', AccountsPage, {}],
    ['screens', ScreensPage, {}],
    ['password', PasswordDialog, { onclose: nothing }],
    ['account', AccountForm, { onclose: nothing, onsaved: nothing }],
    ['once', OnceDialog, { title: '⟦t⟧', hint: '⟦h⟧', secret: '⟦s⟧', onclose: nothing }],
  ] as const)('%s', (_, component, props) => {
    const { page } = stage('/sign-in');
    inPseudo(page);
    expect(strangers(texts(component as never, page, props), [], NO_LANGUAGE)).toBe('');
  });
});
