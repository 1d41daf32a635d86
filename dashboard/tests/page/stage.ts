/** A page by itself for tests: its time, its line to the server and its answers are in the test's hands. */
import type { Component } from 'svelte';
import { render } from 'svelte/server';
import type { ServerMessage } from '../../src/contracts/types.ts';
import type { Language } from '../../src/i18n/index.ts';
import { pseudo } from '../../src/i18n/pseudo.ts';
import { Commands, type CommandOptions } from '../../src/live/commands.ts';
import { LiveStore } from '../../src/live/store.svelte.ts';
import { read } from '../../src/page/address.ts';
import { Page, pageContext } from '../../src/page/page.svelte.ts';
import { HandClock } from '../clock.ts';
import { HeldWire } from '../live/wires.ts';

export interface Stage {
  clock: HandClock;
  wire: HeldWire;
  page: Page;
  /** Something arrives over the socket and is shown. */
  hear: (message: ServerMessage) => void;
}

const nobody: CommandOptions['fetch'] = () => Promise.reject(new Error('this test asks nothing'));

/** `address`: '/supervisor?site=harbour'. */
export function stage(address: string, fetch = nobody): Stage {
  const clock = new HandClock();
  const wire = new HeldWire();
  const store = new LiveStore({ open: () => wire, scheduler: clock, random: () => 1 });
  const commands = new Commands({ fetch, scheduler: clock, newId: () => '0123456789abcdef' });
  const url = new URL(address, 'http://floor');
  const place = read(url.pathname, url.search);
  const page = new Page(store, commands, place.language ?? 'en', place);
  store.start();
  const hear = (message: ServerMessage) => {
    wire.accept();
    wire.say(message);
    store.flush();
  };
  return { clock, wire, page, hear };
}

/** Every text becomes one that nobody could have written into a component. */
export function inPseudo(page: Page, language: Language = 'en'): void {
  page.language = language;
  page.strange = pseudo;
}

/** What a person can read or hear of a component. */
export function texts<Props extends Record<string, unknown>>(
  component: Component<Props>,
  page: Page,
  props: Props,
): string {
  const { body } = render(component as Component, { props, context: pageContext(page) });
  const spoken = [...body.matchAll(/(?:aria-label|title|placeholder|alt)="([^"]*)"/g)].map(
    (match) => match[1] ?? '',
  );
  const seen = body.replace(/<!--.*?-->/gs, '').replace(/<(?:style|svg)[^>]*>.*?<\/(?:style|svg)>/gs, ' ');
  return [...spoken, seen.replace(/<[^>]*>/g, ' ')]
    .join(' ')
    .replaceAll('&amp;', '&')
    .replaceAll('&quot;', '"');
}

/** What is left of a text in the pseudo-language without its brackets, these names and what belongs to no language. */
export function strangers(text: string, names: readonly string[], noLanguage: RegExp): string {
  let rest = text.replace(/⟦[^⟦⟧]*(?:⟦[^⟦⟧]*⟧[^⟦⟧]*)*⟧/g, ' ');
  for (const known of [...names].sort((a, b) => b.length - a.length)) rest = rest.replaceAll(known, ' ');
  return rest
    .replace(noLanguage, ' ')
    .replace(/[^\p{L}]+/gu, ' ')
    .trim();
}
