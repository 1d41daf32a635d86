import { gzipSync } from 'node:zlib';
import type { Plugin } from 'vite';

/** Fails the build when all scripts together weigh more than `limitKb` (1 kB = 1,000 bytes) compressed. */
export function budget(limitKb: number): Plugin {
  return {
    name: 'floorwatch-budget',
    generateBundle(_, bundle) {
      const scripts = Object.values(bundle).filter((file) => file.type === 'chunk');
      const kb = scripts.reduce((sum, chunk) => sum + gzipSync(chunk.code).length, 0) / 1000;
      const line = `scripts: ${kb.toFixed(1)} kB compressed (limit ${limitKb} kB)`;
      if (kb > limitKb) this.error(line);
      this.info(line);
    },
  };
}
