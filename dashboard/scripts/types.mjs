/**
 * src/contracts/schema.json (written by `python -m services.api.schema`) → src/contracts/types.ts.
 *
 *   npm run types              writes it
 *   npm run types -- --check   fails if the file is not what the schema says
 */
import { readFile, writeFile } from 'node:fs/promises';
import { compile } from 'json-schema-to-typescript';

const SCHEMA = new URL('../src/contracts/schema.json', import.meta.url);
const TYPES = new URL('../src/contracts/types.ts', import.meta.url);
/** What the page sends: a field with a default may be left out. */
const SENT = ['ClientMessage'];

const schema = JSON.parse(await readFile(SCHEMA, 'utf8'));
const sent = reachable(SENT);

for (const [name, definition] of Object.entries(schema.$defs)) {
  // What arrives always has every field, also those that have a default where they are built; what is sent names its type.
  const { properties = {} } = definition;
  const always = Object.keys(properties).filter((key) => !sent.has(name) || 'const' in properties[key]);
  if (definition.properties) definition.required = [...new Set([...(definition.required ?? []), ...always])];
  for (const property of Object.values(definition.properties ?? {})) stripTitles(property);
}

const text = await compile(schema, 'Floorwatch', {
  additionalProperties: false,
  bannerComment: '// Generated from schema.json by `npm run types`; do not edit.',
  strictIndexSignatures: true,
  unreachableDefinitions: true,
  maxItems: -1,
  style: { singleQuote: true, printWidth: 110 },
});

if (process.argv.includes('--check')) {
  const held = await readFile(TYPES, 'utf8').catch(() => '');
  if (held !== text) {
    console.error('src/contracts/types.ts is not what schema.json says: run `npm run types`.');
    process.exit(1);
  }
} else {
  await writeFile(TYPES, text);
}

/** Names of the definitions that these lead to. */
function reachable(names) {
  const found = new Set();
  const todo = [...names];
  while (todo.length > 0) {
    const name = todo.pop();
    if (found.has(name)) continue;
    found.add(name);
    const references = JSON.stringify(schema.$defs[name]).matchAll(/#\/\$defs\/(\w+)/g);
    todo.push(...[...references].map((match) => match[1]));
  }
  return found;
}

/** A property's title would become a type of its own ("Kind1", "Kind2" …). */
function stripTitles(property) {
  delete property.title;
  for (const part of [
    ...(property.anyOf ?? []),
    ...(property.oneOf ?? []),
    property.items,
    property.additionalProperties,
  ]) {
    if (part && typeof part === 'object') stripTitles(part);
  }
}
