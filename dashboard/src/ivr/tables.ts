/** The columns of the tables about a menu, and of the files that are made of them. */
import type { FlowDay, FlowLink, FlowNode, FlowSegment, IvrCounts, IvrHalfHour } from '../contracts/types.ts';
import { clockTime, count, NOTHING } from '../domain/format.ts';
import { waysOf } from '../domain/menus.ts';
import type { Column } from '../domain/table.ts';
import type { Page } from '../page/page.svelte.ts';
import { nameOf, share } from './names.ts';
import { WORDS } from './words.ts';

type Number = number | null;

function text<Row>(key: string, label: string, value: (row: Row) => string): Column<Row> {
  return { key, label, value, align: 'left' };
}

function whole<Row>(page: Page, key: string, label: string, value: (row: Row) => Number): Column<Row> {
  const written = (each: Number) => (each === null ? NOTHING : count(each, page.tag));
  return { key, label, value, text: (row) => written(value(row)), align: 'right' };
}

function part<Row>(page: Page, key: string, label: string, value: (row: Row) => Number): Column<Row> {
  return { key, label, value, text: (row) => share(page, value(row)), align: 'right' };
}

export function nodeColumns(page: Page, day: FlowDay): Column<FlowNode>[] {
  const t = page.words(WORDS);
  const counted = (key: keyof NonNullable<FlowNode['counts']>, label: string) =>
    whole<FlowNode>(page, key, label, (node) => node.counts?.[key] ?? 0);
  return [
    text('name', t.node, (node) => nameOf(page, day, node.id)),
    whole(page, 'depth', t.depth, (node) => node.depth),
    whole(page, 'width', t.width, (node) => node.width),
    counted('entered', t.visits),
    counted('left', t.left),
    counted('to_queue', t.toQueue),
    counted('contained', t.contained),
    counted('lost', t.lost),
    counted('inside', t.inside),
    part(page, 'node_loss_rate', t.lossRate, (node) => node.node_loss_rate),
    whole(page, 'repeats', t.repeats, (node) => node.repeats),
    counted('invalid', t.invalid),
    counted('timeouts', t.timeouts),
    part(page, 'node_fault_rate', t.faultRate, (node) => node.node_fault_rate),
    {
      key: 'node_time_s',
      label: t.time,
      value: (node) => node.node_time_s,
      text: (node) => clockTime(node.node_time_s),
      align: 'right',
    },
  ];
}

export function linkColumns(page: Page, day: FlowDay): Column<FlowLink>[] {
  const t = page.words(WORDS);
  const ofSource = (link: FlowLink) =>
    waysOf(day, link.source, 'out').find((way) => way.id === link.target)?.share ?? null;
  return [
    text('source', t.from, (link) => nameOf(page, day, link.source)),
    text('target', t.to, (link) =>
      link.source === link.target ? t.repeats : nameOf(page, day, link.target),
    ),
    whole(page, 'value', t.calls, (link) => link.value),
    part(page, 'share', t.shareOfSource, ofSource),
  ];
}

interface Counted {
  counts: IvrCounts;
  figures: FlowDay['figures'];
}

function outcomes<Row extends Counted>(page: Page): Column<Row>[] {
  const t = page.words(WORDS);
  return [
    whole(page, 'entered', t.entered, (row) => row.counts.entered),
    whole(page, 'contained', t.contained, (row) => row.counts.contained),
    whole(page, 'lost', t.lost, (row) => row.counts.lost),
    whole(page, 'to_queue', t.toQueue, (row) => row.counts.to_queue),
    whole(page, 'virtual', t.virtual, (row) => row.counts.virtual),
    whole(page, 'inside', t.inside, (row) => row.counts.inside),
    part(page, 'containment', t.containment, (row) => row.figures.containment),
    part(page, 'ivr_loss_rate', t.lossShare, (row) => row.figures.ivr_loss_rate),
    part(page, 'to_queue_rate', t.toQueueShare, (row) => row.figures.to_queue_rate),
  ];
}

export function halfColumns(page: Page): Column<IvrHalfHour>[] {
  const t = page.words(WORDS);
  return [
    text('label', t.halfHour, (half) => half.label),
    ...outcomes<IvrHalfHour>(page),
    text('status', t.statusWord, (half) => page.m.status[half.status]),
  ];
}

export function segmentColumns(page: Page): Column<FlowSegment>[] {
  const t = page.words(WORDS);
  const name = (row: FlowSegment) => (row.segment === '' ? t.noSegment : row.segment);
  return [text('segment', t.segment, name), ...outcomes<FlowSegment>(page)];
}
