/** The administrator's area: its texts are all of the catalogue, and a record is text. */
import { describe, expect, it } from 'vitest';
import AdminPage from '../../src/admin/AdminPage.svelte';
import FileImport from '../../src/admin/FileImport.svelte';
import LetterCard from '../../src/admin/LetterCard.svelte';
import PeopleList from '../../src/admin/PeopleList.svelte';
import QueueForm from '../../src/admin/QueueForm.svelte';
import SiteForm from '../../src/admin/SiteForm.svelte';
import type { DescribedAgent, LetterView } from '../../src/contracts/types.ts';
import { inPseudo, stage, strangers, texts } from './stage.ts';

const letter: LetterView = {
  offset: 7,
  at: 1_700_000_000_000,
  id: 'http|1',
  source: 'acd',
  by: 'ingest',
  reason: 'must be a number',
  field: 'talk_s',
  file: 'queue_log',
  line: 12,
  content: '{"talk_s": "<img src=x onerror=alert(1)>"}',
  advice: 'fix_field',
};

describe('every text is of the catalogue', () => {
  it.each(['start', 'feeds', 'letters', 'floor', 'schedules', 'forecasts', 'channels'])('%s', (part) => {
    const { page } = stage(`/admin?part=${part}`);
    inPseudo(page);
    expect(strangers(texts(AdminPage, page, {}), [], /CSV|floorwatch (?:follow|simulate|replay)/g)).toBe('');
  });

  const nothing = () => undefined;
  const agent = {
    record: { kind: 'agent', id: 'a7', name: 'a7', site: 'x1', team: '', queues: [] },
    version: 1,
  };
  it.each([
    ['a site', SiteForm, { onclose: nothing, onsaved: nothing }],
    ['a queue', QueueForm, { sites: [], onclose: nothing, onsaved: nothing }],
    ['people', PeopleList, { teams: [], agents: [agent as DescribedAgent], ontaken: nothing }],
    ['a file', FileImport, { title: '⟦t⟧', hint: '⟦h⟧', things: '⟦s⟧', accept: '.csv', path: () => '/' }],
  ] as const)('%s', (_, component, props) => {
    const { page } = stage('/admin?part=floor');
    inPseudo(page);
    expect(strangers(texts(component as never, page, props), ['a7', 'x1'], /Esc/g)).toBe('');
  });

  it('a dead letter', () => {
    const { page } = stage('/admin?part=letters');
    inPseudo(page);
    const shown = texts(LetterCard as never, page, { letter, when: '12:00' });
    const names = ['acd', 'must be a number', 'talk_s', 'queue_log'];
    expect(strangers(shown, names, /\{.*?\}|&lt;img src=x onerror=alert\(1\)>/g)).toBe('');
  });
});

it('a record that looks like markup is shown as text', () => {
  const { page } = stage('/admin?part=letters');
  expect(texts(LetterCard as never, page, { letter, when: '12:00' })).toContain('&lt;img src=x');
});
