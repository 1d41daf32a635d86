import { defineConfig } from '@playwright/test';
import chromium from '@sparticuz/chromium';

/** The npm Chromium is for Linux on x86-64; elsewhere name another one. */
const executablePath = process.env['FLOORWATCH_CHROMIUM'] ?? (await chromium.executablePath());

export const SIGNED_IN = '../test-results/signed-in.json';

export default defineConfig({
  testDir: 'e2e',
  outputDir: '../test-results/playwright',
  globalSetup: './e2e/global-setup.ts',
  // One floor, and some tests take its API away: one after the other.
  workers: 1,
  fullyParallel: false,
  forbidOnly: process.env['CI'] !== undefined,
  retries: 0,
  timeout: 90_000,
  expect: { timeout: 30_000 },
  reporter: 'list',
  use: {
    baseURL: process.env['FLOORWATCH_E2E_WALL'],
    viewport: { width: 1366, height: 768 },
    // A trace costs a quarter of the processor time.
    trace: process.env['FLOORWATCH_TRACE'] === undefined ? 'off' : 'retain-on-failure',
    screenshot: 'only-on-failure',
    launchOptions: { executablePath, args: ['--no-sandbox', '--no-zygote', '--disable-gpu'] },
  },
  projects: [
    { name: 'empty floor', testMatch: 'opening.setup.ts' },
    {
      name: 'wall',
      testMatch: '*.spec.ts',
      testIgnore: 'dispatch.spec.ts',
      dependencies: ['empty floor'],
      use: { storageState: SIGNED_IN },
    },
    // Two centres more are overrun and helped: what the others count must be counted by then.
    { name: 'dispatch', testMatch: 'dispatch.spec.ts', dependencies: ['wall'] },
  ],
});
