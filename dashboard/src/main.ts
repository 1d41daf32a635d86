import { mount } from 'svelte';
import '@fontsource-variable/inter/wght.css';
import '@fontsource-variable/noto-sans-sc/wght.css';
import './styles/tokens.css';
import './styles/base.css';
import './styles/forms.css';
import './styles/print.css';
import App from './App.svelte';
import type { Session } from './contracts/types.ts';
import { pick } from './i18n/index.ts';
import { Commands } from './live/commands.ts';
import { ask } from './live/rest.ts';
import { browserScheduler } from './live/scheduler.ts';
import type { Wire } from './live/socket.ts';
import { LiveStore } from './live/store.svelte.ts';
import { isTheme, read } from './page/address.ts';
import { LANGUAGE_KEY, THEME_KEY } from './page/keep.svelte.ts';
import { Page } from './page/page.svelte.ts';
import { Router } from './shell/router.svelte.ts';

/** Who looks is asked first, as it decides which page; but a server that says nothing must not stop the connection's signs. */
const SESSION_MS = 1_000;

const address = new URL('/v1/live', location.href);
address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';

const store = new LiveStore({
  open: () => new WebSocket(address) as Wire,
  scheduler: browserScheduler,
  random: Math.random,
});
const commands = new Commands({
  fetch: (path, init) => fetch(path, init),
  scheduler: browserScheduler,
  newId: () =>
    [...crypto.getRandomValues(new Uint8Array(12))]
      .map((byte) => byte.toString(16).padStart(2, '0'))
      .join(''),
});
const place = read(location.pathname, location.search);
const kept = localStorage.getItem(THEME_KEY);
const page = new Page(
  store,
  commands,
  pick(place.language, localStorage.getItem(LANGUAGE_KEY), navigator.languages),
  { ...place, theme: place.theme ?? (isTheme(kept) ? kept : null) },
);
const router = new Router();
void router.show(page.path);

const target = document.getElementById('app');
if (target) mount(App, { target, props: { page, router } });

const asked = ask<Session>('/v1/session').then((session) => (page.session = session));
await Promise.race([
  asked,
  new Promise((resolve) => browserScheduler.after(SESSION_MS, () => resolve(null))),
]);
store.start();
