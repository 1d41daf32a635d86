import { mount } from 'svelte';
import '@fontsource-variable/inter/wght.css';
import '@fontsource-variable/noto-sans-sc/wght.css';
import './styles/tokens.css';
import './styles/base.css';
import App from './App.svelte';
import { pick } from './i18n/index.ts';
import { browserScheduler } from './live/scheduler.ts';
import type { Wire } from './live/socket.ts';
import { LiveStore } from './live/store.svelte.ts';
import { read } from './page/address.ts';
import { LANGUAGE_KEY } from './page/keep.svelte.ts';
import { Page } from './page/page.svelte.ts';

const address = new URL('/v1/live', location.href);
address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:';

const store = new LiveStore({
  open: () => new WebSocket(address) as Wire,
  scheduler: browserScheduler,
  random: Math.random,
});
const place = read(location.search);
const page = new Page(
  store,
  pick(place.language, localStorage.getItem(LANGUAGE_KEY), navigator.languages),
  place,
);

const target = document.getElementById('app');
if (target) mount(App, { target, props: { page } });
store.start();
