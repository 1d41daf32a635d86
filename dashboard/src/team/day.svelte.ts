/** What does not come over the socket: the drawn day of a team, and what those who are out cost. */
import type { Absence, Adherence, TeamTimeline } from '../contracts/types.ts';
import { get } from '../live/rest.ts';

export const ASK_EVERY_MS = 15_000;

export class TeamDay {
  timeline = $state.raw<TeamTimeline | null>(null);
  absences = $state.raw<readonly Absence[]>([]);
  /** The API gave no answer about the day. */
  isFailed = $state(false);
  #asked = '';

  /** `date`: null is the day that runs. What was there of another team or day is taken away. */
  async refresh(team: string, date: string | null): Promise<void> {
    const asked = `${team}|${date ?? ''}`;
    if (asked !== this.#asked) {
      this.timeline = null;
      this.absences = [];
      this.isFailed = false;
    }
    this.#asked = asked;
    if (team === '') return;
    const query = date === null ? '' : `?date=${encodeURIComponent(date)}`;
    const path = team.split('/').map(encodeURIComponent).join('/');
    const [timeline, adherence] = await Promise.all([
      get<TeamTimeline>(`/v1/teams/${path}/timeline${query}`),
      get<Adherence>(`/v1/adherence?team=${encodeURIComponent(team)}`),
    ]);
    if (asked !== this.#asked) return;
    this.isFailed = timeline.is === 'failed';
    if (timeline.is === 'there') this.timeline = timeline.value;
    if (adherence.is === 'there') this.absences = adherence.value.absences;
  }
}
