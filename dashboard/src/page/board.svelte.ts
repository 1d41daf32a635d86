/**
 * The wall as it is shown: which sites and queues, in which order, how fresh, at which time. Lists are replaced only when
 * something in them changed, so a new number re-draws its tile and nothing else.
 */
import type { Alert, FeedView, TileView } from '../contracts/types.ts';
import { ranked } from '../domain/alerts.ts';
import { ageMs, current, SiteClock } from '../domain/clock.ts';
import { freshnessOf, type Freshness } from '../domain/freshness.ts';
import { QUEUE_MARGIN_POINTS, reorder, SITE_MARGIN_POINTS, type Rank } from '../domain/order.ts';
import { chosen, gapOf, levelOf, sharedTarget, type DefinitionChoice } from '../domain/standing.ts';
import type { LiveStore } from '../live/store.svelte.ts';
import { same, type Change } from '../live/state.ts';

export const REORDER_MS = 5_000;
/** Who goes from tile to tile and then leaves must not stop the order for ever. */
export const HOLD_MS = 30_000;
/** A reconnection that takes no longer than this is not worth a fright. */
export const GRACE_MS = 1_000;

/** Kinds of items that the board has lists of. */
const LISTED = ['tile|', 'feed|', 'team|'];

export interface SiteBoard {
  id: string;
  queues: string[];
  feeds: string[];
  teams: string[];
}

export class Board {
  #store: LiveStore;
  #definition: () => DefinitionChoice;
  #clocks = new Map<string, SiteClock>();
  #orderedAt = -Infinity;
  #orderedBy: DefinitionChoice = 'own';

  sites = $state.raw<SiteBoard[]>([]);
  /** Ids of the roll-ups between a site and all sites, by name. */
  regions = $state.raw<string[]>([]);
  /** Ids of all queues of the floor, worst first. */
  queues = $state.raw<string[]>([]);
  /** Some feed tells of agents: the wall has room for them, everywhere or nowhere. */
  hasAgents = $state(false);
  alerts = $state.raw<Alert[]>([]);
  #heldUntil = -Infinity;
  #freshness = new Map<string, Freshness>();
  /** Keys of the items that the lists above are made of; null: the lists have changed since. */
  #known: ReadonlySet<string> | null = null;

  /** Real ms since the server was lost; null while it is there. */
  lostForMs = $derived.by(() => {
    const { phase, since } = this.#store.connection;
    if (phase === 'live' || since === null) return null;
    const ms = this.#store.now - since;
    return ms > GRACE_MS ? ms : null;
  });

  #bySite = $derived(new Map(this.sites.map((site) => [site.id, site])));
  #firing = $derived(
    new Map(
      this.alerts
        .filter((a) => a.state === 'firing')
        .map((a) => [a.scope, a] as const)
        .reverse(),
    ),
  );

  constructor(store: LiveStore, definition: () => DefinitionChoice) {
    this.#store = store;
    this.#definition = definition;
    store.onChange((change) => this.#changed(change));
  }

  /** Somebody has a tile in hand: nothing changes place for a while. */
  hold(): void {
    this.#heldUntil = this.#store.now + HOLD_MS;
  }

  release(): void {
    this.#heldUntil = -Infinity;
  }

  /** Call on each tick. */
  tick(): void {
    const due = this.#store.now - this.#orderedAt >= REORDER_MS || this.#orderedBy !== this.#definition();
    if (due && this.#store.now >= this.#heldUntil && this.lostForMs === null) this.#arrange(true);
  }

  /** The alert of a queue, site or 'all' that fires; the most severe of several. */
  firing(scope: string): Alert | undefined {
    return this.#firing.get(scope);
  }

  freshness(site: string): Freshness {
    const heard = current(this.#heard(site), this.#store.now);
    const feed = heard && {
      freshness: heard.feed.freshness,
      ageMs: ageMs(heard.feed, heard.receivedAt, this.#store.now),
    };
    const fresh = freshnessOf(feed, this.lostForMs);
    // Asked by every tile at every tick: what says the same is the same, and the tile is not looked through again.
    const before = this.#freshness.get(site);
    if (before && same(before, fresh)) return before;
    this.#freshness.set(site, fresh);
    return fresh;
  }

  /** The feed whose clock is the site's. */
  feed(site: string): FeedView | undefined {
    return current(this.#heard(site), this.#store.now)?.feed;
  }

  /** Epoch ms at a site, by its feed; null without one. */
  time(site: string): number | null {
    let clock = this.#clocks.get(site);
    if (!clock) this.#clocks.set(site, (clock = new SiteClock()));
    return clock.read(this.#heard(site), this.#store.now);
  }

  /** Seconds that the longest waiting contact of a tile waits; null if none does. */
  longestWaitS(tile: TileView): number | null {
    if (tile.level === 'region') return this.#sinceS(tile, (each) => each.oldest_offered_at);
    if (tile.level === 'all') {
      const waits = this.sites
        .map((site) => this.#store.tile(site.id))
        .map((each) => each && this.longestWaitS(each));
      return waits.reduce<number | null>(
        (most, wait) => (wait == null ? most : Math.max(most ?? 0, wait)),
        null,
      );
    }
    return this.#sinceS(tile, (each) => each.oldest_offered_at);
  }

  /** Seconds that the agent of a tile who is available longest has been so; null if none is. */
  longestAvailableS(tile: TileView): number | null {
    return this.#sinceS(tile, (each) => each.agents?.longest_available_since ?? null);
  }

  /** Seconds since a moment of a tile, by its site's clock. A roll-up has the moment from one of its sites. */
  #sinceS(tile: TileView, moment: (tile: TileView) => number | null): number | null {
    const since = moment(tile);
    if (since === null) return null;
    const has = (site: TileView | undefined) => site !== undefined && moment(site) === since;
    const site = tile.site ?? this.sites.find(({ id }) => has(this.#store.tile(id)))?.id ?? null;
    const now = site === null ? null : this.time(site);
    return Math.max(0, (now ?? tile.as_of) - since) / 1000;
  }

  /** The target that a roll-up is coloured by. */
  target(tile: TileView): number | null {
    if (tile.target_percent !== null || tile.level === 'queue') return tile.target_percent;
    // Which sites a region has is not told: it goes by what all have in common.
    const sites = tile.level === 'site' ? this.sites.filter((site) => site.id === tile.id) : this.sites;
    return sharedTarget(sites.flatMap((site) => site.queues).flatMap((id) => this.#store.tile(id) ?? []));
  }

  #heard(site: string): { feed: FeedView; receivedAt: number }[] {
    const feeds = (this.#bySite.get(site)?.feeds ?? []).flatMap((id) => this.#store.feed(id) ?? []);
    return feeds.map((feed) => ({ feed, receivedAt: this.#store.heardAt('feed', feed.id) }));
  }

  #changed(change: Change): void {
    const keys = [...change.changed.keys(), ...change.removed];
    if (keys.some((key) => key.startsWith('alert|'))) this.alerts = ranked(this.#store.all('alert'));
    const known = (this.#known ??= this.#listed());
    const other = (key: string) => LISTED.some((kind) => key.startsWith(kind)) && !known.has(key);
    if (change.removed.size > 0 || keys.some(other)) this.#arrange(false);
    if (!this.hasAgents)
      this.hasAgents = [...change.changed.values()].some(
        (item) => item.kind === 'tile' && item.agents !== null,
      );
  }

  #listed(): Set<string> {
    const found = new Set(['tile|all', ...this.regions.map((id) => `tile|${id}`)]);
    for (const site of this.sites) {
      found.add(`tile|${site.id}`);
      for (const id of site.queues) found.add(`tile|${id}`);
      for (const id of site.feeds) found.add(`feed|${id}`);
      for (const id of site.teams) found.add(`team|${id}`);
    }
    return found;
  }

  /** `anew`: put what is there in order; else only take in what is new, and let the rest stand. */
  #arrange(anew: boolean): void {
    const tiles = this.#store.all('tile');
    const feeds = this.#store.all('feed');
    const teams = this.#store.all('team').sort(byId);
    const margin = (points: number) => (anew ? points : Infinity);
    const sites = tiles
      .filter((tile) => tile.level === 'site')
      .map((site) => {
        const queues = tiles.filter((tile) => tile.level === 'queue' && tile.site === site.id);
        const critical = new Set(queues.filter((queue) => this.#critical(queue.id)).map((queue) => queue.id));
        const ranks = queues.map((queue) => this.#rank(queue, queue.target_percent, critical.has(queue.id)));
        const before = this.sites.find((each) => each.id === site.id)?.queues ?? [];
        return {
          ranks,
          rank: this.#rank(
            site,
            site.target_percent ?? sharedTarget(queues),
            critical.size > 0 || this.#critical(site.id),
          ),
          board: {
            id: site.id,
            queues: reorder(before, ranks, margin(QUEUE_MARGIN_POINTS)),
            feeds: feeds.filter((feed) => feed.site === site.id).map((feed) => feed.id),
            teams: teams.filter((team) => team.site === site.id).map((team) => team.id),
          },
        };
      });
    const ids = reorder(
      this.sites.map((site) => site.id),
      sites.map((site) => site.rank),
      margin(SITE_MARGIN_POINTS),
    );
    const next = ids.flatMap((id) => sites.find((site) => site.board.id === id)?.board ?? []);
    this.#known = null;
    if (!same(next, this.sites)) this.sites = next;
    const ranks = sites.flatMap((site) => site.ranks);
    const queues = reorder(this.queues, ranks, margin(QUEUE_MARGIN_POINTS));
    if (!same(queues, this.queues)) this.queues = queues;
    const regions = tiles.filter((tile) => tile.level === 'region').sort(byId);
    const regionIds = regions.map((region) => region.id);
    if (!same(regionIds, this.regions)) this.regions = regionIds;
    if (anew) {
      this.#orderedAt = this.#store.now;
      this.#orderedBy = this.#definition();
    }
  }

  #rank(tile: TileView, target: number | null, critical: boolean): Rank {
    const level = levelOf(tile.target_ratios, chosen(this.#definition(), tile.definition));
    const current = this.freshness(tile.site ?? tile.id).mark !== 'no_feed' || this.sites.length === 0;
    return { id: tile.id, critical, current, gap: gapOf(level, target) };
  }

  #critical(scope: string): boolean {
    return this.firing(scope)?.severity === 'critical';
  }
}

function byId(one: { id: string }, other: { id: string }): number {
  return one.id < other.id ? -1 : 1;
}
