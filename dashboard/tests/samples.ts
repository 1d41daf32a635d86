import { readFileSync } from 'node:fs';

/** A golden sample that Python's tests read as well (tests/samples/socket). */
export function sample(name: string): unknown {
  return JSON.parse(
    readFileSync(new URL(`../../tests/samples/socket/${name}.json`, import.meta.url), 'utf8'),
  );
}
