/** The alerts of a supervisor: which want something done now, which somebody has in hand, which are over. */
import type { Alert } from '../contracts/types.ts';
import { ranked } from './alerts.ts';

export type Tray = 'open' | 'in_hand' | 'quiet' | 'over';
export const TRAYS = ['open', 'in_hand', 'quiet', 'over'] as const satisfies readonly Tray[];

/** `quiet`: snoozed, silenced or hidden by a graver one. Whoever acknowledged has it in hand, and who is assigned as well. */
export function trayOf(alert: Alert): Tray {
  if (alert.state === 'resolved') return 'over';
  if (alert.hidden_by !== '' || alert.snoozed_until !== null) return 'quiet';
  return alert.acknowledged_by !== '' || alert.assignee !== '' ? 'in_hand' : 'open';
}

/** By tray, each worst first; inactive ones are nothing to show. */
export function trays(alerts: Iterable<Alert>): Record<Tray, Alert[]> {
  const found: Record<Tray, Alert[]> = { open: [], in_hand: [], quiet: [], over: [] };
  for (const alert of ranked(alerts)) found[trayOf(alert)].push(alert);
  return found;
}
