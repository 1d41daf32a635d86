import { gzipSync } from 'node:zlib';
import type { Plugin, Rolldown } from 'vite';

type Bundle = Rolldown.OutputBundle;

/**
 * Fails the build when the scripts that some page needs (its own and what is common) weigh more than `limitKb`
 * (1 kB = 1,000 bytes) compressed.
 */
export function budget(limitKb: number): Plugin {
  return {
    name: 'floorwatch-budget',
    generateBundle(_, bundle) {
      const entries = chunks(bundle).filter((chunk) => chunk.isEntry);
      const pages = chunks(bundle).filter((chunk) => chunk.isDynamicEntry);
      for (const page of pages) {
        const kb = weightKb(
          bundle,
          [...entries, page].map((chunk) => chunk.fileName),
        );
        const line = `${page.name}: ${kb.toFixed(1)} kB of scripts compressed (limit ${limitKb} kB)`;
        if (kb > limitKb) this.error(line);
        this.info(line);
      }
    },
  };
}

const chunks = (bundle: Bundle) => Object.values(bundle).filter((file) => file.type === 'chunk');

/** Of these files and of all that they import at once. */
function weightKb(bundle: Bundle, names: readonly string[]): number {
  const needed = new Set<string>();
  const todo = [...names];
  for (let name = todo.pop(); name !== undefined; name = todo.pop()) {
    const chunk = bundle[name];
    if (chunk?.type !== 'chunk' || needed.has(name)) continue;
    needed.add(name);
    todo.push(...chunk.imports);
  }
  const codes = [...needed].map((name) => bundle[name]).filter((file) => file?.type === 'chunk');
  return codes.reduce((sum, chunk) => sum + gzipSync(chunk.code).length, 0) / 1000;
}
