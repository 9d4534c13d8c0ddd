import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { contractVariables } from '@authority/config';
import { describe, expect, test } from 'vitest';
import { standaloneSettings } from '../../apps/standalone/src/config.ts';
import { root } from './sources.ts';

const git = (...patterns: string[]): string[] =>
  execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '--', ...patterns], { cwd: root, encoding: 'utf8' })
    .split('\n')
    .filter((path) => path !== '' && existsSync(join(root, path)));

const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const pages = ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'SECURITY.md', ...git('docs/*.md')];
const files = git('.');
/** A file or folder, a file of the core under its short name, or a folder with any placeholder in it. */
const exists = (path: string): boolean => {
  const plain = path.replace(/\/$/, '');
  const places = [plain, `libs/protocol/src/${plain}`];
  return places.some((place) => files.includes(place) || files.some((file) => file.startsWith(`${place}/`)));
};

describe('the documents say what is there', () => {
  test.each(pages)('%s: its links lead somewhere', (page) => {
    const links = [...read(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
    const inner = links.filter((target) => !/^[a-z]+:/.test(target)).map((target) => target.split('#')[0] ?? '');
    const missing = inner.filter((target) => target !== '' && !existsSync(join(root, dirname(page), target)));
    expect(missing).toEqual([]);
  });

  test.each(['README.md', 'docs/house.md', 'docs/quiz.md', 'CONTRIBUTING.md'])('%s: every path that it names exists', (page) => {
    const spans = [...read(page).matchAll(/`([^`\n]+)`/g)].map(([, span = '']) => span);
    const paths = spans.filter((span) => /^(?:libs|apps|proto|test|docs|deploy|helm)\/[\w./<>-]*$/.test(span));
    const missing = paths.filter((path) => !path.startsWith('test/reports') && !exists(normalize(path.replace(/[^/]*<[\s\S]*$/, ''))));
    expect(missing).toEqual([]);
  });

  test('docs/house.md: every file in its drawings and tables exists', () => {
    const house = read('docs/house.md');
    const layout = house.slice(house.indexOf('```'), house.indexOf('## Who owns what'));
    const names = [...layout.matchAll(/`?\b([\w-]+\.(?:ts|proto))\b`?/g)].map(([, name = '']) => name);
    const known = new Set(files.map((file) => file.slice(file.lastIndexOf('/') + 1)));
    expect(names.length).toBeGreaterThan(20);
    expect(names.filter((name) => !known.has(name) && !['test.ts', 'module.ts'].includes(name))).toEqual([]);
    const folders = [...layout.matchAll(/^ {2}([\w-]+)\/ /gm)].map(([, name = '']) => name);
    expect(folders.filter((name) => !existsSync(join(root, 'libs', name)) && !existsSync(join(root, 'apps', name)))).toEqual([]);
  });

  test('every setting that a document names exists', () => {
    const known = new Set([...contractVariables, 'AUTHORITY_DIRECT_TRANSPORT', 'AUTHORITY_SECRETS']);
    for (const key of Object.keys(standaloneSettings)) known.add(`AUTHORITY_${key.replace(/([a-z0-9])([A-Z])/g, '$1_$2').toUpperCase()}`);
    const named = pages.flatMap((page) => [...read(page).matchAll(/AUTHORITY_[A-Z_]*[A-Z]/g)].map(([name]) => `${page}: ${name}`));
    expect(named.filter((one) => !known.has(one.slice(one.indexOf(': ') + 2)))).toEqual([]);
  });

  test('README.md leads to every how-to, table of conformance and page of the reference', () => {
    const readme = read('README.md');
    const leaves = git('docs/how-to/*.md', 'docs/reference/*.md', 'docs/conformance*.md');
    expect(leaves.filter((path) => !readme.includes(`](${path})`))).toEqual([]);
  });

  test('every command and option of authorityctl that a document names exists', () => {
    const sources = git('apps/cli/src/*.ts').map(read).join('\n');
    const named = pages.flatMap((page) => {
      const commands = read(page)
        .replaceAll(/\\\n\s*/g, '')
        .matchAll(/\bauthorityctl ([a-z-]+ [a-z-]+)([^\n`|]*)/g);
      return [...commands].map(([, command = '', rest = '']) => ({ page, command, options: rest.match(/--[a-z][a-z-]*/g) ?? [] }));
    });
    expect(named.length).toBeGreaterThan(40);
    const groups = new Map(
      git('apps/cli/src/commands/*.ts').flatMap((file) => {
        const [, group] = /commands\.define\(program, '([a-z-]+)'/.exec(read(file)) ?? [];
        return group === undefined ? [] : [[group, read(file)] as const];
      }),
    );
    const isCommand = (command: string): boolean => {
      const [group = '', verb = ''] = command.split(' ');
      const source = groups.get(group);
      return source === undefined || new RegExp(`['( ]${verb}['( :]`).test(source) || (verb === 'list' && source.includes('list('));
    };
    const missing = named.flatMap(({ page, command, options }) => [
      ...(isCommand(command) ? [] : [`${page}: ${command}`]),
      ...options.filter((option) => !new RegExp(`['[ ]${option}\\b(?!-)`).test(sources)).map((option) => `${page}: ${command} ${option}`),
    ]);
    expect(missing).toEqual([]);
  });

  test('every service and RPC of the drawing exists in proto/', () => {
    const protos = git('proto/*.proto').map(read).join('\n');
    const house = read('docs/house.md');
    const arrows = [...house.matchAll(/-->\|([^|]+)\|/g)].flatMap(([, label = '']) => label.split(/[ ,…]+/));
    const names = arrows.filter((word) => /^[A-Z][a-z]+[A-Za-z]*$/.test(word) && word !== 'HTTP');
    expect(names.length).toBeGreaterThan(8);
    expect(names.filter((name) => !new RegExp(`(?:rpc|service) ${name}\\b`).test(protos))).toEqual([]);
    expect(house.match(/authority\.\w+\.v1/g)?.filter((name) => !protos.includes(`package ${name};`))).toEqual([]);
  });

  test('the documents stand alone: they name no document outside the repository', () => {
    const outside = /\btoolchain\.md\b|\/shared\/design/;
    expect(pages.filter((page) => outside.test(read(page)))).toEqual([]);
  });

  test('docs/quiz.md: every question is a row of SPECS.md, and every answer exists', () => {
    const specs = read('libs/protocol/SPECS.md').replaceAll(/ +/g, ' ');
    const rows = [
      ...read('docs/quiz.md')
        .replaceAll(/ +/g, ' ')
        .matchAll(/^\| \d+ \| [^|]+ \| ([^|]+) \| `([^`]+)` \|/gm),
    ];
    expect(rows).toHaveLength(20);
    expect(
      rows
        .filter(([, concept = '', file = '']) => !specs.includes(`| ${concept.trim()} | \`${file.replace('libs/protocol/src/', '')}\` |`))
        .map(([row]) => row),
    ).toEqual([]);
    expect(rows.map(([, , file = '']) => file).filter((file) => !existsSync(join(root, file)))).toEqual([]);
  });
});

/** Where the sources cite documents: comments, titles of tests, and the READMEs of folders. */
const citing = git('*.ts', '*.mjs', '*.proto', '*.yaml', '*.tpl', '*.sh', '*Dockerfile', '*README.md', '*KEYS.md', '*SPECS.md');

interface Citation {
  at: string;
  /** Without `.md`. */
  name: string;
  /** The 120 characters that follow the name. */
  after: string;
}

/** A bare name: no path, no URL, no file name in quotes of its own. Comments that break after the name go on behind their margin. */
function citationsOf(path: string, text: string): Citation[] {
  const plain = text.replaceAll(/\n\s*(?:\*(?!\/)|\/\/|#)?[ \t]*/g, ' ');
  return [...plain.matchAll(/(?<![\w./<>*`\\-])([\w-]+)\.md\b(?!['"`\]])(?=(.{0,120}))/g)].map(([, name = '', after = '']) => ({
    at: path,
    name,
    after,
  }));
}

describe('what the code cites is there', () => {
  const citations = citing.flatMap((path) => citationsOf(path, read(path)));
  const placeOf = (name: string): string | undefined =>
    [`docs/${name}.md`, `${name}.md`, `libs/protocol/${name}.md`].find((path) => files.includes(path));
  const missing = (judge: (citation: Citation, document: string) => string | undefined): string[] =>
    citations.flatMap((citation) => {
      const place = placeOf(citation.name);
      const what = place && judge(citation, read(place));
      return what ? [`${citation.at}: ${citation.name}.md has no ${what}`] : [];
    });

  test('the check sees citations at all', () => {
    const text =
      "// a (style.md, 15)\n/** b performance.md\n * 6: c, docs/how-to/x.md */\nwrite('latest.md'); test('contract.md \"HTTP\": d'";
    expect(citationsOf('', text).map(({ name }) => name)).toEqual(['style', 'performance', 'contract']);
    expect(citationsOf('', text).map(({ after }) => numberIn(after))).toEqual(['15', '6', undefined]);
    expect(sectionIn(citationsOf('', text)[2]?.after ?? '')).toBe('HTTP');
    expect(citations.length).toBeGreaterThan(200);
  });

  test('every document exists', () => {
    const keys = (at: string): boolean =>
      files.some((file) => file.startsWith(at.split('/').slice(0, 2).join('/')) && file.endsWith('/KEYS.md'));
    const lost = citations.filter(({ at, name }) => !placeOf(name) && !(name === 'KEYS' && keys(at)));
    expect(lost.map(({ at, name }) => `${at}: ${name}.md`)).toEqual([]);
  });

  test('every number is a point of it', () => {
    const numbered = citations.filter(({ after }) => numberIn(after) !== undefined);
    expect(numbered.length).toBeGreaterThan(40);
    expect(
      missing(({ after }, document) => {
        const number = numberIn(after);
        return number && !new RegExp(`^${number}\\. `, 'm').test(document) ? `point ${number}` : undefined;
      }),
    ).toEqual([]);
  });

  test('every quoted section is a heading of it, or begins a paragraph in bold', () => {
    expect(
      missing(({ after }, document) => {
        const section = sectionIn(after)?.toLowerCase();
        if (section === undefined) return undefined;
        const heads = [...document.matchAll(/^#+ (.+)$|^(?:[-*] )?\*\*([^*]+)\*\*/gm)].map(([, heading, bold]) =>
          (heading ?? bold ?? '').replaceAll('`', '').toLowerCase(),
        );
        return heads.some((head) => head.includes(section)) ? undefined : `section "${section}"`;
      }),
    ).toEqual([]);
  });

  test('every setting that a citation names is in it', () => {
    expect(
      missing(({ after }, document) => {
        const setting = /^,? (AUTHORITY_[A-Z_]+)/.exec(after)?.[1];
        return setting && !document.includes(setting) ? setting : undefined;
      }),
    ).toEqual([]);
  });
});

/** `performance.md 6`, `style.md, 15`, `performance.md, point 6`, `style.md (15)`. */
function numberIn(after: string): string | undefined {
  return /^,? \(?(?:point )?(\d+)\b/.exec(after)?.[1];
}

/** `house.md, "Refresh"`, `contract.md ("Operators")`; what follows a colon is a quotation, not a section. */
function sectionIn(after: string): string | undefined {
  return /^,? \(?\\?"([^"\\]+)\\?"/.exec(after)?.[1];
}
