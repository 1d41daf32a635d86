/** Which alerts stand first, and what their values mean. */
import type { Alert } from '../contracts/types.ts';

const STATES: readonly Alert['state'][] = ['firing', 'pending', 'no_data', 'stale', 'resolved', 'inactive'];
const SEVERITIES: readonly Alert['severity'][] = ['critical', 'warning', 'info'];

/** Firing before pending before resolved; then the more severe; then the newer. Inactive ones are nothing to show. */
export function ranked(alerts: Iterable<Alert>): Alert[] {
  return [...alerts]
    .filter((alert) => alert.state !== 'inactive')
    .sort(
      (a, b) =>
        STATES.indexOf(a.state) - STATES.indexOf(b.state) ||
        SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
        b.since - a.since ||
        (a.id < b.id ? -1 : 1),
    );
}

export type Unit = 'percent' | 'seconds' | 'contacts';

export function unitOf(metric: Alert['metric']): Unit {
  if (metric === 'service_level' || metric === 'abandonment_rate') return 'percent';
  return metric === 'longest_wait_s' || metric === 'asa_s' ? 'seconds' : 'contacts';
}
