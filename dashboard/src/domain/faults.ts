/** What the API finds wrong with a body, at the fields of a form: 'body.when.compare.threshold: …; body: Value error, …'. */

export interface Fault {
  /** 'when.all.1.threshold', 'windows.0.timezone', 'levels.0.enter.metric'; '' is the whole. */
  at: string;
  text: string;
}

/** Kinds of a union, which stand in the API's places and in no form. */
const TAGS = new Set(['compare', 'all_of', 'any_of']);
const PLACE = /^([A-Za-z_][\w.[\]]*): (.*)$/s;

/** A message of the API (422), fault by fault. `inside`: what comes before the form's own fields, such as 'rules.0'. */
export function faultsOf(message: string, inside = ''): Fault[] {
  return message
    .split(/; (?=[A-Za-z_][\w.[\]]*: )/)
    .filter((part) => part !== '')
    .map((part) => faultOf(part, inside));
}

function faultOf(part: string, inside: string): Fault {
  const [, place, said] = PLACE.exec(part) ?? [null, '', part];
  const text = said.replace(/^Value error, /, '');
  const outer = steps(place);
  const inner = PLACE.exec(text);
  if (inner && isField(inner[1] ?? ''))
    return { at: without([...outer, ...steps(inner[1] ?? '')].join('.'), inside), text: inner[2] ?? '' };
  // The check of two fields against each other is told of both: it is the one that was named first.
  const named = /^(clear|actions|metric) /.exec(text)?.[1];
  return { at: without([...outer, ...(named ? [named] : [])].join('.'), inside), text };
}

function steps(place: string): string[] {
  const found = place.replace(/\[(\d+)\]/g, '.$1').split('.');
  return found.filter((step) => step !== '' && step !== 'body' && !TAGS.has(step));
}

function isField(place: string): boolean {
  return /^[a-z][a-z_]*(?:\.|\[|$)/.test(place) && !place.startsWith('http');
}

function without(at: string, inside: string): string {
  if (inside === '' || at === inside) return at === inside ? '' : at;
  return at.startsWith(`${inside}.`) ? at.slice(inside.length + 1) : at;
}

/** What is wrong with a field; null: nothing. */
export function faultAt(faults: readonly Fault[], at: string): string | null {
  return faults.find((fault) => fault.at === at)?.text ?? null;
}

/** Faults that stand at none of a form's fields. */
export function faultsBeside(faults: readonly Fault[], fields: ReadonlySet<string>): Fault[] {
  return faults.filter((fault) => !fields.has(fault.at));
}
