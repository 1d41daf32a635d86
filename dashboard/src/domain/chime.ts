/** Which critical alerts are new, so that a wall sounds once for each: not for those that it finds when it starts. */
import type { Alert } from '../contracts/types.ts';

export class Chime {
  #heard: Set<string> | null = null;

  /** All alerts as they stand now; true if one that was not there before fires and is critical. */
  take(alerts: Iterable<Pick<Alert, 'id' | 'episode' | 'state' | 'severity'>>): boolean {
    const firing = new Set(
      [...alerts]
        .filter(({ state, severity }) => state === 'firing' && severity === 'critical')
        .map(({ id, episode }) => `${id}@${episode}`),
    );
    const before = this.#heard;
    this.#heard = firing;
    return before !== null && [...firing].some((each) => !before.has(each));
  }
}
