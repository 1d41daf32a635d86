/** All pages: one line each. What is here can be opened and stands in the navigation of its roles. */
import type { Component } from 'svelte';
import type { Filters, Text } from '../contracts/types.ts';
import type { Page, Role } from '../page/page.svelte.ts';
import type { Theme } from '../page/address.ts';
import { wallFilters } from '../wall/filters.ts';

export interface PageEntry {
  /** '/team': the page's address. */
  path: string;
  name: Text;
  /** Who finds it in the navigation; others are told that it is not for them. */
  roles: readonly Role[];
  load: () => Promise<{ default: Component }>;
  /** What it wants of the live state; without it tiles, days, feeds, alerts and teams of all sites. Runs again on change. */
  filters?: (page: Page) => Filters;
  /** Without the navigation bar around it: a page that brings its own head (the wall), or is seen before sign-in. */
  bare?: boolean;
  /** What it looks best in while nobody has chosen. */
  theme?: Theme;
}

const EVERYBODY: readonly Role[] = ['viewer', 'supervisor', 'team_lead', 'dispatcher', 'administrator'];

/** All of the chosen site, agents and the desk's silences and plans included. */
function siteOnly(page: Page): Filters {
  const site = page.param('site');
  const kinds: Filters['kinds'] = ['tile', 'day', 'feed', 'alert', 'team', 'agent', 'silence', 'plan'];
  return site === null ? { kinds: ['feed'] } : { kinds, sites: [site] };
}

/** A menu's own numbers are asked for; how fresh its site's feeds are is live. */
function siteOfMenu(page: Page): Filters {
  const site = page.param('flow')?.split('/')[0];
  return { kinds: ['tile', 'feed'], ...(site === undefined ? {} : { sites: [site] }) };
}

/** Agents, and what is between them and their lead, of the chosen team's site. */
function teamOnly(page: Page): Filters {
  const kinds: Filters['kinds'] = ['tile', 'feed', 'alert', 'team', 'agent'];
  const site = page.param('team')?.split('/')[0];
  return site === undefined || site === '' ? { kinds: ['feed'] } : { kinds, sites: [site] };
}

// prettier-ignore
export const PAGES: readonly PageEntry[] = [
  { path: '/wall', name: { en: 'Wall', zh: '大屏' }, roles: EVERYBODY, load: () => import('../wall/WallPage.svelte'), bare: true, theme: 'dark', filters: wallFilters },
  { path: '/rules', name: { en: 'Rules', zh: '规则' }, roles: ['administrator', 'supervisor', 'dispatcher'], load: () => import('../rules/RulesPage.svelte'), filters: () => ({ kinds: ['tile', 'feed', 'alert', 'rule', 'plan', 'limits'] }) },
  { path: '/devices', name: { en: 'Screens', zh: '屏幕' }, roles: ['supervisor', 'administrator'], load: () => import('../accounts/ScreensPage.svelte') },
  { path: '/accounts', name: { en: 'Accounts', zh: '账号' }, roles: ['administrator'], load: () => import('../accounts/AccountsPage.svelte') },
  { path: '/admin', name: { en: 'Administration', zh: '系统管理' }, roles: ['administrator'], load: () => import('../admin/AdminPage.svelte'), filters: () => ({ kinds: ['tile', 'feed'] }) },
  { path: '/sign-in', name: { en: 'Sign in', zh: '登录' }, roles: EVERYBODY, load: () => import('../accounts/SignInPage.svelte'), bare: true },
  { path: '/dispatch', name: { en: 'Dispatch', zh: '调度' }, roles: ['dispatcher', 'supervisor', 'administrator'], load: () => import('../dispatch/DispatchPage.svelte'), filters: () => ({ kinds: ['tile', 'feed', 'alert', 'plan', 'move'] }) },
  { path: '/ivr', name: { en: 'Voice menus', zh: '语音导航' }, roles: ['supervisor', 'dispatcher', 'administrator'], load: () => import('../ivr/IvrPage.svelte'), filters: siteOfMenu },
  { path: '/team', name: { en: 'Team', zh: '班组' }, roles: ['team_lead', 'administrator'], load: () => import('../team/TeamPage.svelte'), filters: teamOnly },
  { path: '/supervisor', name: { en: 'Supervisor', zh: '现场主管' }, roles: ['supervisor', 'dispatcher', 'administrator'], load: () => import('../supervisor/SupervisorPage.svelte'), filters: siteOnly },
];

/** Where each role is at home; the first page that it may see while that one is not there. */
const HOME: Record<Role, string> = {
  viewer: '/wall',
  supervisor: '/supervisor',
  team_lead: '/team',
  dispatcher: '/dispatch',
  administrator: '/wall',
};
/** Seen by people who are not signed in. */
export const SIGN_IN = '/sign-in';

export function entryOf(path: string, pages = PAGES): PageEntry | undefined {
  return pages.find((entry) => entry.path === path);
}

export function pagesOf(role: Role, pages = PAGES): readonly PageEntry[] {
  return pages.filter((entry) => entry.roles.includes(role) && entry.path !== SIGN_IN);
}

export function homeOf(role: Role, pages = PAGES): string {
  const mine = pagesOf(role, pages);
  return (mine.find((entry) => entry.path === HOME[role]) ?? mine[0])?.path ?? '/wall';
}
