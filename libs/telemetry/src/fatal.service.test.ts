import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const index = fileURLToPath(new URL('./index.ts', import.meta.url));

/** A process of its own: what is tested is its end. Node runs the sources as they are. */
function run(lastWords: string): { status: number | null; lines: Record<string, unknown>[] } {
  const script = `import { startTelemetry, log } from ${JSON.stringify(index)};
    await startTelemetry({ service: 'token', version: '1', env: {} });
    log.info('started');
    ${lastWords}`;
  const { status, stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8', env: {} });
  return {
    status,
    lines: stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>),
  };
}

it('style.md 15: an uncaught error is one line with its cause, after the lines that waited, and exit code 1', () => {
  const { status, lines } = run(
    `Promise.reject(new Error('lost', { cause: new Error('token=hunter2') })); setTimeout(() => { throw new Error('second'); }, 5);`,
  );
  expect(status).toBe(1);
  expect(lines.map((line) => line.event)).toEqual(['started', 'uncaught']);
  expect(lines[1]).toMatchObject({ level: 'fatal', service: 'token', error: { message: 'lost', cause: { message: 'token=[redacted]' } } });
});

it('style.md 15: lines that wait are written when the process ends', () => {
  expect(run(`process.exit(3);`)).toMatchObject({ status: 3, lines: [{ event: 'started' }] });
});
