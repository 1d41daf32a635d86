/** The floor as it is typed into forms, and what the API says is wrong with it. */
import type { Queue, Site } from '../contracts/types.ts';

/** What is wrong, by the field's name ('name.en'); '' is what belongs to no field. */
export type Faults = Readonly<Record<string, string>>;

/** 'body.record.target_s: must be …; body.record.name.en: …' → by field. */
export function faultsOf(message: string): Faults {
  const faults: Record<string, string> = {};
  for (const part of message.split(/; (?=body\.)/)) {
    const found = /^body\.record\.([\w.]+): (.*)$/s.exec(part);
    // A fault of one of several (thresholds_s.1) is the list's.
    const field = found?.[1]?.replace(/\.\d+$/, '') ?? '';
    faults[field] = [faults[field], found?.[2] ?? part].filter(Boolean).join(' ');
  }
  return faults;
}

/** A queue's form: everything as text, as it stands in the fields. */
export interface QueueForm {
  site: string;
  id: string;
  en: string;
  zh: string;
  target_s: string;
  target_percent: string;
  thresholds_s: string;
  short_abandon_s: string;
  definition: Queue['definition'];
  genesys: Queue['genesys'];
  response_objective_s: string;
  ghost_after_s: string;
  skill: string;
}

const DEFAULTS: Omit<QueueForm, 'site' | 'id' | 'en' | 'zh'> = {
  target_s: '20',
  target_percent: '80',
  thresholds_s: '20, 30',
  short_abandon_s: '5',
  definition: 'offered',
  genesys: { include_abandons: true, include_short_abandons: false, include_flow_outs: false },
  response_objective_s: '',
  ghost_after_s: '',
  skill: '',
};

export function formOf(queue: Queue | null, site = ''): QueueForm {
  if (queue === null) return { ...DEFAULTS, site, id: '', en: '', zh: '' };
  const slash = queue.id.indexOf('/');
  const number = (value: number | null) => (value === null ? '' : String(value));
  return {
    site: queue.id.slice(0, slash),
    id: queue.id.slice(slash + 1),
    en: queue.name.en,
    zh: queue.name.zh,
    target_s: String(queue.target_s),
    target_percent: String(queue.target_percent),
    thresholds_s: queue.thresholds_s.join(', '),
    short_abandon_s: String(queue.short_abandon_s),
    definition: queue.definition,
    genesys: { ...queue.genesys },
    response_objective_s: number(queue.response_objective_s),
    ghost_after_s: number(queue.ghost_after_s),
    skill: queue.skill,
  };
}

/** The queue that a form describes; what the form does not show stays as it was. Not a number: the API names the field. */
export function queueOf(form: QueueForm, before: Queue | null): object {
  const { channels } = before ?? {};
  return {
    ...(channels === undefined ? {} : { channels }),
    kind: 'queue',
    id: `${form.site}/${form.id.trim()}`,
    name: { en: form.en.trim() || form.zh.trim(), zh: form.zh.trim() || form.en.trim() },
    target_s: typed(form.target_s),
    target_percent: typed(form.target_percent),
    thresholds_s: form.thresholds_s
      .split(/[,，;；\s]+/)
      .filter((part) => part !== '')
      .map(typed),
    short_abandon_s: typed(form.short_abandon_s),
    definition: form.definition,
    genesys: form.genesys,
    response_objective_s: orNothing(form.response_objective_s),
    ghost_after_s: orNothing(form.ghost_after_s),
    skill: form.skill.trim(),
  };
}

export function siteOf(form: { id: string; en: string; zh: string; timezone: string; region: string }): Site {
  return {
    kind: 'site',
    id: form.id.trim(),
    name: { en: form.en.trim() || form.zh.trim(), zh: form.zh.trim() || form.en.trim() },
    timezone: form.timezone.trim(),
    region: form.region.trim(),
  };
}

/** A number where it is one, else the text itself, which the API refuses by its field's name. */
function typed(text: string): number | string {
  const number = Number(text.trim());
  return text.trim() !== '' && Number.isFinite(number) ? number : text;
}

function orNothing(text: string): number | string | null {
  return text.trim() === '' ? null : typed(text);
}
