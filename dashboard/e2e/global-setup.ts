/** Starts a whole installation (tests/e2e/floor.py) for the run, and takes it away again. */
import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

export interface Addresses {
  wall: string;
  ingest: string;
  key: string;
  control: string;
}

export default async function setup(): Promise<() => Promise<void>> {
  if (!existsSync(`${ROOT}dashboard/dist/index.html`))
    throw new Error('the pages are not built: npm run build');
  const python = process.env['PYTHON'] ?? `${ROOT}.venv/bin/python`;
  const floor = spawn(python, ['-m', 'tests.e2e.floor'], { cwd: ROOT, stdio: ['pipe', 'pipe', 'inherit'] });
  const addresses = JSON.parse(await firstLine(floor)) as Addresses;
  for (const [name, value] of Object.entries(addresses))
    process.env[`FLOORWATCH_E2E_${name.toUpperCase()}`] = String(value);
  return async () => {
    const ended = new Promise((resolve) => floor.once('exit', resolve));
    floor.stdin.end();
    await ended;
  };
}

function firstLine(floor: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    floor.once('exit', (code) => reject(new Error(`the installation did not start (exit code ${code})`)));
    if (floor.stdout) createInterface(floor.stdout).once('line', resolve);
  });
}
