/**
 * Looks at a page in a headless browser and prints what that costs, a line of JSON each time. Started by bench/wall.py and
 * bench/soak.py with one argument, the task as JSON.
 */
import chromium from '@sparticuz/chromium';
import { chromium as browsers, type BrowserContext, type CDPSession, type Page } from '@playwright/test';

interface Task {
  /** Address of the page; empty: a page of as many plain boxes, to compare with. */
  url: string;
  /** What is counted on it, and how many have to be there. */
  items: string;
  count: number;
  /** What an item has once it says something: the first view. */
  first: string;
  /** How long it is watched standing still, and then scrolling. 0: not at all. */
  still_s: number;
  scroll_s: number;
  /** How long it lives, and how often that is told. 0: not at all. */
  live_s: number;
  every_s: number;
  width: number;
  height: number;
}

const task = JSON.parse(process.argv[2] ?? '{}') as Task;
const executablePath = process.env['FLOORWATCH_CHROMIUM'] ?? (await chromium.executablePath());
const browser = await browsers.launch({
  executablePath,
  args: ['--no-sandbox', '--no-zygote', '--disable-gpu', '--enable-precise-memory-info'],
});
const session = await browser.newBrowserCDPSession();
const say = (line: object) => process.stdout.write(`${JSON.stringify(line)}\n`);
const pause = (seconds: number) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

/** CPU seconds so far: of the page's process, and of the browser with all its processes. */
async function cpu(): Promise<{ renderer: number; all: number }> {
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  const of = (type?: string) =>
    processInfo
      .filter((each) => type === undefined || each.type === type)
      .reduce((sum, each) => sum + each.cpuTime, 0);
  return { renderer: of('renderer'), all: of() };
}

/** What is left on the page after the collector has been round. */
async function left(own: CDPSession): Promise<{ heap: number; nodes: number; listeners: number }> {
  await own.send('HeapProfiler.collectGarbage');
  const { metrics } = await own.send('Performance.getMetrics');
  const value = (name: string) => metrics.find((each) => each.name === name)?.value ?? 0;
  return { heap: value('JSHeapUsedSize'), nodes: value('Nodes'), listeners: value('JSEventListeners') };
}

/** Runs something and tells the shares of a core that were used meanwhile. */
async function costOf<Found>(run: () => Promise<Found>): Promise<Found & { renderer: number; all: number }> {
  const [before, began] = [await cpu(), performance.now()];
  const found = await run();
  const [after, seconds] = [await cpu(), (performance.now() - began) / 1000];
  const share = (key: 'renderer' | 'all') => (after[key] - before[key]) / seconds;
  return { ...found, renderer: share('renderer'), all: share('all') };
}

/** Scrolls a screen a second, down and up again, and tells how long each frame took, in ms. */
function scroll(page: Page, seconds: number): Promise<{ frames: number[] }> {
  return page.evaluate(
    (length) =>
      new Promise<{ frames: number[] }>((resolve) => {
        const frames: number[] = [];
        const end = performance.now() + length * 1000;
        let [last, down] = [performance.now(), 1];
        const step = (now: number) => {
          frames.push(now - last);
          const moved = ((now - last) / 1000) * innerHeight * down;
          last = now;
          const before = scrollY;
          scrollBy(0, moved);
          if (scrollY === before && Math.abs(moved) >= 1) down = -down;
          if (now < end) requestAnimationFrame(step);
          else resolve({ frames });
        };
        requestAnimationFrame(step);
      }),
    seconds,
  );
}

/** How much the page has been told by the server so far, in characters; counted by `opened`. */
const told = (page: Page) => page.evaluate(() => (globalThis as { told?: number }).told ?? 0);

/** What it costs to stand still, and how much the page is told meanwhile: all of it, where the server keeps up. */
async function still(page: Page): Promise<object> {
  const [before, began] = [await told(page), performance.now()];
  const cost = await costOf(() => pause(task.still_s).then(() => ({})));
  const seconds = (performance.now() - began) / 1000;
  return { ...cost, told_per_s: ((await told(page)) - before) / seconds };
}

/** Opens the page; once all is there, the moment at which the first one said something, on the page's own clock. */
async function visit(context: BrowserContext): Promise<{ page: Page; firstMs: number }> {
  const page = await context.newPage();
  await page.goto(task.url);
  await page.waitForFunction(
    ([items, count]) =>
      document.querySelectorAll(items).length >= count &&
      performance.getEntriesByName('first-item').length > 0,
    [task.items, task.count] as const,
    { timeout: 120_000 },
  );
  const firstMs = await page.evaluate(() => performance.getEntriesByName('first-item')[0]?.startTime ?? 0);
  return { page, firstMs };
}

async function plain(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  const boxes = Array.from({ length: task.count }, (_, index) => `<div>${index}</div>`).join('');
  await page.setContent(
    `<style>body{display:grid;grid-template-columns:repeat(6,1fr)}div{height:9rem;border:1px solid}</style>${boxes}`,
  );
  return page;
}

/** Twice: with nothing kept, and as somebody who comes again. */
async function opened(context: BrowserContext): Promise<Page> {
  await context.addInitScript((first: string) => {
    const look = () =>
      document.querySelector(first) === null
        ? requestAnimationFrame(look)
        : requestAnimationFrame((now) => performance.mark('first-item', { startTime: now }));
    requestAnimationFrame(look);
  }, task.first);
  await context.addInitScript(() => {
    const counted = globalThis as { told?: number };
    globalThis.WebSocket = class extends WebSocket {
      constructor(address: string | URL) {
        super(address);
        this.addEventListener('message', ({ data }) => {
          counted.told = (counted.told ?? 0) + String(data).length;
        });
      }
    };
  });
  const first = await visit(context);
  await first.page.close();
  const again = await visit(context);
  say({ what: 'first', cold_ms: first.firstMs, again_ms: again.firstMs });
  return again.page;
}

try {
  const context = await browser.newContext({ viewport: { width: task.width, height: task.height } });
  const page = task.url === '' ? await plain(context) : await opened(context);
  const own = await context.newCDPSession(page);
  await own.send('Performance.enable');
  await pause(3);
  const before = await left(own);
  if (task.still_s > 0) say({ what: 'still', ...(await still(page)) });
  if (task.scroll_s > 0) say({ what: 'scroll', ...(await costOf(() => scroll(page, task.scroll_s))) });
  for (let lived = 0; lived < task.live_s; lived += task.every_s) {
    const cost = await costOf(async () => pause(task.every_s).then(() => ({})));
    say({ what: 'lived', lived_s: lived + task.every_s, ...cost, ...(await left(own)) });
  }
  say({ what: 'left', before, after: await left(own) });
} finally {
  await browser.close();
}
