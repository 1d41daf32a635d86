/** Plain values as YAML in blocks: what `floorwatch rules import` and `floorwatch plans import` read. */

/** Objects and lists of texts, numbers, booleans and null; what is undefined is left out. */
export function yaml(value: unknown): string {
  return `${block(value, 0)}\n`;
}

function block(value: unknown, depth: number): string {
  const pad = '  '.repeat(depth);
  if (Array.isArray(value)) {
    return value
      .map((each) => {
        const text = isFilled(each) ? block(each, depth + 1).trimStart() : scalar(each);
        return `${pad}- ${text}`;
      })
      .join('\n');
  }
  return Object.entries(value as object)
    .filter(([, each]) => each !== undefined)
    .map(([name, each]) =>
      isFilled(each)
        ? `${pad}${key(name)}:\n${block(each, depth + 1)}`
        : `${pad}${key(name)}: ${scalar(each)}`,
    )
    .join('\n');
}

function isFilled(value: unknown): value is object {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
}

function key(name: string): string {
  return /^[A-Za-z][\w-]*$/.test(name) ? name : JSON.stringify(name);
}

/** JSON's texts are YAML's as well. */
function scalar(value: unknown): string {
  return JSON.stringify(value);
}
