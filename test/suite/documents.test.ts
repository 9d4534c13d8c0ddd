import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { freePorts, Person, root, startOneProcess, type Suite } from '@authority/testing/suite';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';

/** What the documents take for granted: `npm start` on its usual port, and a folder that is a clone of the repository. */
let suite: Suite;
let clone: string;
let port: number;
const programs: ChildProcess[] = [];

beforeAll(async () => {
  suite = await startOneProcess();
  [port = 0] = await freePorts(1);
  clone = mkdtempSync(join(tmpdir(), 'authority-documents-'));
  symlinkSync(suite.dataDir, join(clone, '.authority'));
  symlinkSync(join(root, 'node_modules'), join(clone, 'node_modules'));
  // `npx` finds a program of the clone; this one cannot ask a registry for it.
  writeFileSync(
    join(clone, 'npx'),
    `#!/bin/sh\n[ "$1" = authorityctl ] && shift && exec node '${root}/apps/cli/bin/authorityctl.mjs' "$@"\nexit 1\n`,
  );
  chmodSync(join(clone, 'npx'), 0o755);
});
afterEach(() => {
  for (const program of programs.splice(0)) program.kill('SIGKILL');
});
afterAll(async () => {
  await suite?.stop();
  if (clone) rmSync(clone, { recursive: true, force: true });
});

interface Block {
  /** Where a program is saved; empty for a command. */
  file: string;
  text: string;
}

/** The blocks after `<!-- run -->` and `<!-- run: file -->`, as they run here: other ports, another client per document. */
function blocksOf(document: string): Block[] {
  const text = readFileSync(join(root, document), 'utf8');
  const found = text.matchAll(/<!-- run(?:: ([\w.-]+))? -->\n```\w+\n([\s\S]*?)\n```/g);
  return [...found].map(([, file = '', block = '']) => ({ file, text: here(block, document) }));
}

const here = (text: string, document: string): string =>
  text
    .replaceAll('http://localhost:8080', suite.issuer)
    .replaceAll('127.0.0.1:3000', `127.0.0.1:${port}`)
    .replaceAll('listen(3000', `listen(${port}`)
    .replaceAll('my-app', `my-app-${document.replace(/\W/g, '')}`);

function start(command: string, args: readonly string[]): ChildProcess {
  const PATH = [clone, dirname(process.execPath), process.env['PATH']].join(delimiter);
  const program = spawn(command, args, { cwd: clone, env: { PATH, HOME: process.env['HOME'] }, stdio: ['ignore', 'pipe', 'pipe'] });
  programs.push(program);
  return program;
}

async function run(commands: string): Promise<string> {
  const shell = start('sh', ['-ec', commands]);
  let output = '';
  for (const stream of [shell.stdout, shell.stderr]) stream?.on('data', (chunk) => (output += String(chunk)));
  const code = await new Promise((resolve) => shell.once('close', resolve));
  if (code !== 0) throw new Error(`exit ${code}: ${commands}\n${output}`);
  return output;
}

/** The program prints where to go, and answers the browser that comes back. */
async function signIn(program: ChildProcess, person: Person): Promise<string> {
  const url = await new Promise<string>((resolve, reject) => {
    let output = '';
    const read = (chunk: unknown): void => {
      output += String(chunk);
      const found = /^Open (\S+)\n/m.exec(output)?.[1];
      if (found) resolve(found);
    };
    program.stdout?.on('data', read);
    program.stderr?.on('data', read);
    program.once('exit', () => reject(new Error(output)));
  });
  const back = await fetch(await person.authorize(url));
  return back.text();
}

test.each(['README.md', 'docs/tutorial.md'])(
  '%s: every command that it shows works, and its program signs a person in',
  async (document) => {
    const blocks = blocksOf(document);
    const outputs: string[] = [];
    for (const { file, text } of blocks) {
      if (file !== '') writeFileSync(join(clone, file), text);
      // What is looked at after the sign-in belongs after it.
      else if (!text.includes('grants list')) outputs.push(await run(text));
    }
    expect(outputs.join('\n')).toContain(`"token_endpoint":"${suite.issuer}/oauth2/token"`);

    const person = new Person(suite.issuer, `reader-of-${document.replace(/\W/g, '')}@example.com`, 'violet tractor hums 42 lullabies');
    await person.register();
    expect(await signIn(start('node', ['sign-in.mjs']), person)).toBe(`Hello ${person.email}`);
    for (const { text } of blocks) if (text.includes('grants list')) expect(await run(text)).toContain('consent.allow');
  },
);

test('README.md: the token that curl shows is one', async () => {
  const [first] = blocksOf('README.md');
  const output = await run(first?.text ?? '');
  expect(JSON.parse(output.slice(output.lastIndexOf('{"access_token"')))).toMatchObject({ token_type: 'Bearer', scope: 'authority.admin' });
});
