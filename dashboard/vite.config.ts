import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';
import { budget } from './vite/budget.ts';
import { build } from './vite/build.ts';

// The services' API, for `npx vite` beside a running installation.
const api = process.env['FLOORWATCH_API'] ?? 'http://127.0.0.1:8100';

export default defineConfig({
  plugins: [svelte(), budget(150), build()],
  build: { target: 'es2022', assetsInlineLimit: 0, chunkSizeWarningLimit: 500 },
  server: { proxy: { '/v1': { target: api, ws: true } } },
  test: { include: ['tests/**/*.test.ts'], environment: 'node', restoreMocks: true },
});
