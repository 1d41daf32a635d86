/** What a wall on a screen keeps beside the board: which page is in front, the trends, the pauses, what sounds. */
import type { AgentTile, TileView } from '../../contracts/types.ts';
import { arranged, readArrangement } from '../../domain/arrangement.ts';
import { Chime } from '../../domain/chime.ts';
import { pausesByQueue, type Pause } from '../../domain/pauses.ts';
import { advance, begin, goTo, pageOf, turn, type Shown } from '../../domain/round.ts';
import { shiftAt } from '../../domain/shift.ts';
import { chosen, levelOf } from '../../domain/standing.ts';
import { Trends, type Point } from '../../domain/trend.ts';
import type { Change } from '../../live/state.ts';
import type { Page } from '../../page/page.svelte.ts';
import { readSettings } from './settings.ts';

const TRENDS_KEY = 'floorwatch.trends';
const KEEP_TRENDS_MS = 60_000;
const NO_ALARM: ReadonlySet<string> = new Set();

export class Tv {
  #page: Page;
  #trends = new Trends();
  #chime = new Chime();
  #agents: readonly AgentTile[] = [];
  #memory: Pick<Storage, 'getItem' | 'setItem'> | null;
  #keptAt = 0;
  #shown = $state.raw<Shown>(begin([], NO_ALARM, 1, 0));

  /** How many queues a page holds: the plan says so. */
  perPage = $state(1);
  /** Somebody has a tile in hand. */
  inHand = $state(false);
  pauses = $state.raw<ReadonlyMap<string, readonly Pause[]>>(new Map());
  shift = $state.raw<{ right: number; down: number }>({ right: 0, down: 0 });
  onAlarm: () => void = () => undefined;

  settings = $derived.by(() => readSettings(this.#page.rest));
  arrangement = $derived.by(() => readArrangement(this.#page.rest));
  /** Queues that are shown, in order. */
  order = $derived.by(() => arranged(this.#page.board.queues, this.arrangement));
  pages = $derived(this.#shown.round.pages.length);
  at = $derived(pageOf(this.#shown));
  ids = $derived(this.#shown.round.pages[pageOf(this.#shown)] ?? []);
  stopped = $derived(this.settings.page !== null);
  /** Share of its time that the page in front has stood; null while it is not turned. */
  stood = $derived.by(() => {
    const { turnS } = this.settings;
    if (this.stopped || this.inHand || turnS === 0 || this.pages < 2) return null;
    return Math.min(1, Math.max(0, (this.#page.store.now - this.#shown.since) / (turnS * 1000)));
  });

  /** `memory`: for the trends over a reload. */
  constructor(page: Page, memory: Pick<Storage, 'getItem' | 'setItem'> | null) {
    this.#page = page;
    this.#memory = memory;
    this.#trends.read(parsed(memory?.getItem(TRENDS_KEY) ?? null));
    for (const tile of page.store.all('tile')) this.#note(tile);
  }

  /** Listens to the store until the returned function is called. */
  listen(): () => void {
    return this.#page.store.onChange((change) => this.#changed(change));
  }

  /** Call on each tick. */
  tick(): void {
    const { now } = this.#page.store;
    const { turnS, page, shift } = this.settings;
    const alarmed = new Set(this.order.filter((id) => this.#page.board.firing(id) !== undefined));
    const turning = { dwellMs: turnS * 1000, perPage: this.perPage };
    let next = advance(this.#shown, this.order, alarmed, turning, this.inHand || page !== null, now);
    if (page !== null && pageOf(next) !== page - 1) next = goTo(next, page - 1, now);
    if (next !== this.#shown) this.#shown = next;
    const agents = this.#page.store.list('agent');
    if (agents !== this.#agents) {
      this.#agents = agents;
      this.pauses = pausesByQueue(agents);
    }
    const to = shift ? shiftAt(now) : { right: 0, down: 0 };
    if (to.right !== this.shift.right || to.down !== this.shift.down) this.shift = to;
    if (now - this.#keptAt > KEEP_TRENDS_MS) this.keep();
  }

  /** Turn by hand; a wall that is stopped stays so, at the other page. */
  turn(by: number): void {
    this.#shown = turn(this.#shown, by, this.#page.store.now);
    if (this.stopped) this.#page.put('page', String(pageOf(this.#shown) + 1));
  }

  goTo(page: number): void {
    this.#shown = goTo(this.#shown, page, this.#page.store.now);
    if (this.stopped) this.#page.put('page', String(page + 1));
  }

  stopOrGo(): void {
    this.#page.put('page', this.stopped ? null : String(this.at + 1));
  }

  trend(id: string): readonly Point[] {
    return this.#trends.of(id);
  }

  /** What a wall calls a queue. */
  name(tile: TileView): string {
    return this.arrangement.names.get(tile.id) ?? this.#page.name(tile.name);
  }

  /** Keeps the trends for the next load; a full or forbidden storage costs only them. */
  keep(): void {
    this.#keptAt = this.#page.store.now;
    try {
      this.#memory?.setItem(TRENDS_KEY, JSON.stringify(this.#trends.written()));
    } catch {
      this.#memory = null;
    }
  }

  #changed(change: Change): void {
    for (const item of change.changed.values()) if (item.kind === 'tile') this.#note(item);
    for (const key of change.removed) if (key.startsWith('tile|')) this.#trends.forget(key.slice(5));
    const keys = [...change.changed.keys(), ...change.removed];
    if (!keys.some((key) => key.startsWith('alert|'))) return;
    if (this.#chime.take(this.#page.store.all('alert'))) this.onAlarm();
  }

  #note(tile: TileView): void {
    const definition = chosen(this.#page.definition, tile.definition);
    this.#trends.add(tile.id, tile.as_of, levelOf(tile.target_ratios, definition), definition);
  }
}

function parsed(text: string | null): unknown {
  try {
    return text === null ? null : (JSON.parse(text) as unknown);
  } catch {
    return null;
  }
}
