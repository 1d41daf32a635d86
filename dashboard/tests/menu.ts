/** A menu's half-hour for tests: two levels and a shortcut, losses, somebody who hears it again, somebody who goes back. */
import type { FlowDay, FlowLink, FlowNode, NodeCounts } from '../src/contracts/types.ts';

const NONE: NodeCounts = {
  entered: 0,
  left: 0,
  lost: 0,
  contained: 0,
  to_queue: 0,
  inside: 0,
  invalid: 0,
  timeouts: 0,
  time_ms: 0,
  depth: 0,
};

function node(id: string, change: Partial<FlowNode>, counts: Partial<NodeCounts> | null = null): FlowNode {
  return {
    id,
    kind: 'node',
    name: { en: id.toUpperCase(), zh: `${id}节点` },
    depth: null,
    width: null,
    repeats: 0,
    node_loss_rate: null,
    node_fault_rate: null,
    node_time_s: null,
    counts: counts && { ...NONE, ...counts },
    ...change,
  };
}

export const LINKS: FlowLink[] = [
  ['start', 'main', 100],
  ['start', 'vip', 10],
  ['main', 'main', 5],
  ['main', 'balance', 60],
  ['main', 'queue:bank/PS', 30],
  ['main', 'lost', 12],
  ['balance', 'contained', 50],
  ['balance', 'main', 2],
  ['balance', 'lost', 8],
  ['vip', 'queue:bank/PS', 10],
].map(([source, target, value]) => ({ source, target, value }) as FlowLink);

export const MENU: FlowDay = {
  flow: 'bank/main',
  name: { en: 'MENU', zh: '菜单' },
  date: '1999-01-25',
  start: null,
  status: 'provisional',
  counts: { entered: 110, contained: 50, lost: 20, to_queue: 40, virtual: 0, inside: 0 },
  figures: { containment: 50 / 110, ivr_loss_rate: 20 / 110, to_queue_rate: 40 / 110 },
  nodes: [
    node('start', { kind: 'start' }),
    node(
      'main',
      {
        depth: 1,
        width: 7,
        repeats: 5,
        node_loss_rate: 12 / 107,
        node_fault_rate: 9 / 107,
        node_time_s: 12.5,
      },
      { entered: 107, left: 65, lost: 12, to_queue: 30, invalid: 4, timeouts: 5, depth: 1 },
    ),
    node(
      'balance',
      { depth: 2, width: 1, node_loss_rate: 8 / 60 },
      { entered: 60, left: 2, lost: 8, contained: 50, depth: 2 },
    ),
    node('vip', { depth: 1, width: 1, node_loss_rate: 0 }, { entered: 10, to_queue: 10, depth: 1 }),
    node('news', { width: 1 }, {}),
    node('queue:bank/PS', { kind: 'queue' }),
    node('contained', { kind: 'contained' }),
    node('lost', { kind: 'lost' }),
  ],
  links: LINKS,
  segments: [
    {
      segment: '',
      counts: { entered: 110, contained: 50, lost: 20, to_queue: 40, virtual: 0, inside: 0 },
      figures: { containment: 50 / 110, ivr_loss_rate: 20 / 110, to_queue_rate: 40 / 110 },
    },
  ],
  lost_by_depth: { '1': 12, '2': 8 },
  depth: 2,
  shortcut: 10,
  limits: { levels: 3, choices: 6 },
  warnings: [
    {
      flow: 'bank/main',
      node: 'main',
      fault: 'too_wide',
      message: 'callers hear 7 choices',
      value: 7,
      limit: 6,
    },
    {
      flow: 'bank/main',
      node: 'news',
      fault: 'unreachable',
      message: 'no choice leads here',
      value: null,
      limit: null,
    },
  ],
};
