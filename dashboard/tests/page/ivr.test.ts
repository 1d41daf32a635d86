/** The page about voice menus: its texts in any language, and its numbers. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { IvrHalfHour, Session } from '../../src/contracts/types.ts';
import { ivr as en } from '../../src/i18n/en/ivr.ts';
import FlowView from '../../src/ivr/FlowView.svelte';
import IvrPage from '../../src/ivr/IvrPage.svelte';
import { VIEWS } from '../../src/ivr/views.ts';
import { csv } from '../../src/domain/table.ts';
import { linkColumns } from '../../src/ivr/tables.ts';
import { MENU } from '../menu.ts';
import { METRICS } from '../rich.ts';
import { sample } from '../samples.ts';
import { inPseudo, stage, strangers, texts, type Stage } from './stage.ts';

const HALVES: IvrHalfHour[] = [
  { start: 0, end: 1_800_000, label: '09:00', status: 'final', counts: MENU.counts, figures: MENU.figures },
];
let page: Stage['page'];

beforeEach(() => {
  ({ page } = stage('/ivr?flow=bank/main'));
  page.session = sample('rest_session') as Session;
  page.metrics = METRICS;
});

const seen = (day = MENU) => texts(FlowView, page, { day, halves: HALVES });

it.each(VIEWS)('in the pseudo-language nothing else is to be read: %s', (view) => {
  inPseudo(page);
  page.put('view', view);
  for (const chosen of [null, 'main', 'queue:bank/PS', 'start']) {
    page.put('node', chosen);
    const names = MENU.nodes.flatMap(({ name }) => [name.en, name.zh]);
    const catalogue = METRICS.flatMap(({ name, formula }) => [name.en, name.zh, formula.en, formula.zh]);
    expect(
      strangers(
        seen(),
        [...names, ...catalogue],
        /bank\/\w+|\b(?:start|main|vip|balance|contained|lost|queue)\|[\w:/]+/g,
      ),
    ).toBe('');
  }
});

it('in the pseudo-language while nothing has come', () => {
  inPseudo(page);
  expect(strangers(texts(IvrPage, page, {}), [], /$^/g)).toBe('');
});

describe('the drawing', () => {
  it('says in words what it shows: calls, losses, hearing again, failed inputs, warnings', () => {
    const read = seen();
    for (const word of ['MAIN', '102 · 92.7 %']) expect(read).toContain(word);
    expect(read).toContain(
      [en.boxLost('12', '10.9 %'), en.boxRepeats('5'), en.boxFailed('9'), en.warning.too_wide('7', '6')].join(
        '; ',
      ),
    );
    expect(read).toContain(en.unvisited('NEWS'));
    expect(read).toContain(en.limits('3', '6'));
  });

  it('a box says where its calls come from and go', () => {
    page.put('node', 'balance');
    const read = seen();
    for (const word of [en.cameFrom, en.wentTo, '13.3 %', '83.3 %']) expect(read).toContain(word);
  });

  it('of a menu without a definition nothing is said against it; without calls nothing is drawn', () => {
    const bare = { ...MENU, depth: null, warnings: [] };
    expect(seen(bare)).toContain(en.notDescribed);
    expect(seen({ ...bare, counts: { ...MENU.counts, entered: 0 }, links: [] })).toContain(en.noCalls);
  });

  it('a queue that the menu did not name is told as such', () => {
    const [queue] = MENU.nodes.filter(({ kind }) => kind === 'queue');
    if (!queue) throw new Error('there is one');
    const links = [{ source: 'start', target: 'queue:', value: 110 }];
    expect(seen({ ...MENU, nodes: [{ ...queue, id: 'queue:' }, ...MENU.nodes], links })).toContain(
      en.unknownQueue,
    );
  });
});

it('a file has shares as numbers and names as they are read', () => {
  const [head, ...lines] = csv(MENU.links, linkColumns(page, MENU)).trim().split('\r\n');
  expect(head).toBe([en.from, en.to, en.calls, en.shareOfSource].join(','));
  expect(lines).toHaveLength(MENU.links.length);
  expect(lines[0]).toBe(`Calls,MAIN,100,${100 / 110}`);
  expect(lines[2]).toBe(`MAIN,${en.repeats},5,`);
});
