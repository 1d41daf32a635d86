/**
 * Walks through each page as its user, with a clock, and prints a line of JSON for each task: what the machine took
 * (measured) and what a person takes by the keystroke-level model of Card, Moran and Newell (1980). Started by
 * bench/walk.py with one argument: the sign-in links of the roles, and a folder for pictures or ''.
 */
import chromium from '@sparticuz/chromium';
import { chromium as browsers, type Locator, type Page } from '@playwright/test';

type Role = 'supervisor' | 'team_lead' | 'dispatcher' | 'administrator';
const { links, pictures } = JSON.parse(process.argv[2] ?? '{}') as {
  links: Record<Role, string>;
  pictures: string;
};

/** Seconds: a key of somebody who is no typist, to point, to click, hand to mouse or keys, to make up one's mind. */
const [KEY, POINT, CLICK, HAND, MIND] = [0.28, 1.1, 0.2, 0.4, 1.35];
const PATIENCE_MS = 20_000;

/** A person at a page: what they do is done, counted and timed. */
class Person {
  clicks = 0;
  keys = 0;
  seconds = 0;
  machine = 0;

  readonly page: Page;

  constructor(page: Page) {
    this.page = page;
  }

  /** Read, compare and decide, so many times. */
  think(times = 1): void {
    this.seconds += MIND * times;
  }

  /** Wait until it is there; what that takes is the machine's. */
  async see(what: string | Locator): Promise<Locator> {
    const began = performance.now();
    const found = (typeof what === 'string' ? this.page.locator(what) : what).first();
    await found.waitFor({ timeout: PATIENCE_MS });
    this.machine += performance.now() - began;
    return found;
  }

  async open(path: string, until: string): Promise<void> {
    const began = performance.now();
    await this.page.goto(path);
    this.machine += performance.now() - began;
    await this.see(until);
  }

  async click(what: string): Promise<void> {
    const found = await this.see(what);
    this.clicks += 1;
    this.seconds += MIND + POINT + CLICK;
    await found.click();
  }

  async type(where: string, text: string): Promise<void> {
    const found = await this.see(where);
    this.keys += text.length;
    this.seconds += 2 * HAND + POINT + CLICK + MIND + KEY * text.length;
    await found.fill(text);
  }

  async press(key: string): Promise<void> {
    this.keys += 1;
    this.seconds += KEY;
    await this.page.keyboard.press(key);
  }
}

interface Task {
  role: Role;
  page: string;
  task: string;
  path: string;
  /** What has to be there before it begins. */
  until: string;
  walk: (person: Person) => Promise<void> | void;
}

const DIALOG = '[data-dialog]';
const SAID = '[data-toast="good"]';
/** A button, and what says that it was heard. */
const press =
  (button: string, heard = SAID) =>
  async (person: Person) => {
    await person.click(button);
    await person.see(heard);
  };
const TASKS: Task[] = [
  {
    role: 'supervisor',
    page: 'Wall',
    task: 'Which queue is worst, what does it miss, who waits longest',
    path: '/wall?lang=en&view=floor',
    until: '[data-queue] [data-value]',
    walk: (person) => person.think(3),
  },
  {
    role: 'supervisor',
    page: 'Wall',
    task: 'What its service level means, and the definition beside the others',
    path: '/wall?lang=en&view=floor',
    until: '[data-queue] [data-value]',
    walk: async (person) => {
      await person.click('[data-open]');
      await person.see(`${DIALOG} [data-formula]`);
      person.think();
    },
  },
  {
    role: 'supervisor',
    page: 'Supervisor',
    task: 'What is wrong on my floor, and what came beside the forecast',
    path: '/supervisor?lang=en&site=lisbon',
    until: '[data-table="queues"] [data-number]',
    walk: async (person) => {
      person.think(2);
      await person.press('h');
      await person.see('[data-chart] [data-line="forecast"]');
    },
  },
  {
    role: 'supervisor',
    page: 'Supervisor',
    task: 'From a number to its definition and to the contacts behind it',
    path: '/supervisor?lang=en&site=lisbon',
    until: '[data-table="queues"] [data-number]',
    walk: async (person) => {
      await person.click('[data-row="lisbon/retail"] [data-number="service_level"]');
      await person.see(`${DIALOG} [data-value="formula"]`);
      await person.click('[data-behind]');
      await person.see(`${DIALOG} [data-contact]`);
      person.think();
    },
  },
  {
    role: 'supervisor',
    page: 'Supervisor',
    task: 'What two more agents would do to a queue',
    path: '/supervisor?lang=en&site=lisbon&queue=lisbon/retail',
    until: 'input[type="range"]',
    walk: async (person) => {
      await (await person.see('input[type="range"]')).focus();
      person.seconds += POINT + CLICK;
      person.clicks += 1;
      const asked = person.page.waitForResponse((each) => each.url().includes('/v1/what-if'));
      await person.press('ArrowRight');
      await person.press('ArrowRight');
      const began = performance.now();
      await asked;
      person.machine += performance.now() - began;
      person.think();
    },
  },
  {
    role: 'supervisor',
    page: 'Supervisor',
    task: 'Take an alert in hand (where one fires)',
    path: '/supervisor?lang=en&site=lisbon',
    until: '[data-tray="open"] [data-do="acknowledge"]',
    walk: press('[data-tray="open"] [data-do="acknowledge"]'),
  },
  {
    role: 'dispatcher',
    page: 'Dispatch',
    task: 'Where it lacks, who can help, what it costs them; propose',
    path: '/dispatch?lang=en',
    until: '[data-suggestion] [data-propose]',
    walk: async (person) => {
      person.think(2);
      await person.click('[data-propose]');
      await person.type(`${DIALOG} input[name="reason"]`, 'peak');
      await person.click(`${DIALOG} [data-confirm]`);
      await person.see(SAID);
    },
  },
  {
    role: 'dispatcher',
    page: 'Dispatch',
    task: 'Accept what was proposed',
    path: '/dispatch?lang=en&part=moves',
    until: '[data-move] [data-act="accept"]',
    walk: press('[data-move] [data-act="accept"]'),
  },
  {
    role: 'dispatcher',
    page: 'Dispatch',
    task: 'Go into a plan’s first level',
    path: '/dispatch?lang=en&part=plans',
    until: '[data-plan][data-level="0"] [data-act="activate"]',
    walk: press('[data-plan][data-level="0"] [data-act="activate"]'),
  },
  {
    role: 'administrator',
    page: 'Team',
    task: 'Who is out, since when, what it costs; how the day was',
    path: '/team?lang=en',
    until: '[data-agent] [data-value]',
    walk: (person) => person.think(3),
  },
  {
    role: 'administrator',
    page: 'Team',
    task: 'Coach somebody who is late (where somebody is)',
    path: '/team?lang=en',
    until: '[data-alert] [data-act="coach"]',
    walk: press('[data-alert] [data-act="coach"]', '[data-alert][data-handled="coached"]'),
  },
  {
    role: 'supervisor',
    page: 'Voice menus',
    task: 'Where callers are lost, and what goes wrong there',
    path: '/ivr?lang=en',
    until: '[data-flow-box]',
    walk: async (person) => {
      person.think(2);
      await person.click('[data-lost]:not([data-lost="start"]), [data-flow-box]');
      person.think();
    },
  },
  {
    role: 'administrator',
    page: 'Administration',
    task: 'Give a queue another target, with the reason',
    path: '/admin?lang=en&part=floor',
    until: '[data-row="lisbon/loans"] button',
    walk: async (person) => {
      await person.click('[data-row="lisbon/loans"] button');
      await person.type(`${DIALOG} [data-field="target_percent"]`, '82');
      await person.type(`${DIALOG} .field:has(label:text-is("Why")) input`, 'agreed');
      await person.press('Enter');
      await person.see(person.page.locator('[data-row="lisbon/loans"]', { hasText: '82' }));
    },
  },
  {
    role: 'administrator',
    page: 'Administration',
    task: 'Which feed rejects records, and why',
    path: '/admin?lang=en&part=feeds',
    until: '[data-table="sources"] tbody tr',
    walk: async (person) => {
      person.think();
      await person.click('[data-tab="letters"]');
      await person.see('[data-letter], [data-void]');
      person.think();
    },
  },
  {
    role: 'administrator',
    page: 'Rules',
    task: 'Which rules there are, and what one of them would have told',
    path: '/rules?lang=en',
    until: '[data-table="rules"] tbody tr',
    walk: (person) => person.think(2),
  },
];

const executablePath = process.env['FLOORWATCH_CHROMIUM'] ?? (await chromium.executablePath());
const browser = await browsers.launch({
  executablePath,
  args: ['--no-sandbox', '--no-zygote', '--disable-gpu'],
});
const pages = new Map<Role, Page>();
for (const role of Object.keys(links) as Role[]) {
  const context = await browser.newContext({ viewport: { width: 1366, height: 768 } });
  const page = await context.newPage();
  await page.goto(links[role]);
  pages.set(role, page);
}
const origin = new URL(links.supervisor).origin;
for (const [number, { role, page: name, task, path, until, walk }] of TASKS.entries()) {
  const page = pages.get(role);
  if (page === undefined) continue;
  const person = new Person(page);
  let first = 0;
  let fault = '';
  try {
    await person.open(origin + path, until);
    first = person.machine;
    person.machine = 0;
    await walk(person);
  } catch (error) {
    fault = first === 0 ? 'nothing of that just then' : (String(error).split('\n')[0] ?? '');
  }
  if (pictures) await page.screenshot({ path: `${pictures}/${String(number).padStart(2, '0')}.png` });
  const { clicks, keys, seconds, machine } = person;
  process.stdout.write(
    `${JSON.stringify({ page: name, task, first, clicks, keys, seconds, machine, fault })}\n`,
  );
}
await browser.close();
