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
    const outside = /\b(?:style|contract|performance|pages|toolchain)\.md\b|\/shared\/design/;
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
