import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { root, sources } from './sources.ts';

const all = sources();

describe('style.md, "Layout and names"', () => {
  test('no file has over 450 lines', () => {
    const long = all.filter(({ text }) => text.split('\n').length > 451).map(({ path }) => path);
    expect(long).toEqual([]);
  });

  test('no name hides its concept', () => {
    const vague = /(^|\/)(utils?|common|helpers?|shared|misc)(\/|\.(ts|mjs)$)|manager\.ts$|impl\.ts$/;
    expect(all.map(({ path }) => path).filter((path) => vague.test(path))).toEqual([]);
  });

  test('a folder of more than three files has a README of at most 20 lines', () => {
    const folders = new Map<string, number>();
    for (const { path, isTest } of all) {
      if (isTest || !/^(libs|apps)\/[^/]+\/src/.test(path)) continue;
      folders.set(dirname(path), (folders.get(dirname(path)) ?? 0) + 1);
    }
    const wrong = [...folders].flatMap(([folder, count]) => {
      if (count <= 3) return [];
      // The README of a project's sources stands at the project's root, where a reader looks first.
      const places = folder.endsWith('/src') ? [folder, dirname(folder)] : [folder];
      const readme = places.map((place) => join(root, place, 'README.md')).find((path) => existsSync(path));
      if (!readme) return [`${folder} has none`];
      const lines = readFileSync(readme, 'utf8').trimEnd().split('\n').length;
      return lines > 20 ? [`${readme.slice(root.length + 1)} has ${lines} lines`] : [];
    });
    expect(wrong).toEqual([]);
  });

  test('no default exports, no ts-ignore, nothing left to do (Biome looks for any)', () => {
    const code = all.filter(({ path }) => path.endsWith('.ts') && !/\.config\.ts$/.test(path) && !path.startsWith('test/house/'));
    const pattern = /^export default|@ts-(ignore|nocheck)|\b(TODO|FIXME|HACK|XXX)\b|\b(it|test|describe)\.(only|todo)\b/m;
    expect(code.filter(({ text }) => pattern.test(text)).map(({ path, text }) => `${path}: ${pattern.exec(text)?.[0]}`)).toEqual([]);
  });

  test('every service with short-lived state documents its keys', () => {
    const owners = readdirSync(join(root, 'apps')).filter((app) => existsSync(join(root, 'apps', app, 'src/ephemeral')));
    expect(owners.length).toBeGreaterThan(1);
    expect(owners.filter((app) => !existsSync(join(root, 'apps', app, 'src/ephemeral/KEYS.md')))).toEqual([]);
  });

  test('nothing names a registry host or a path of one machine', () => {
    const texts = [
      ...all.map(({ path, text }) => ({ path, text })),
      { path: 'package-lock.json', text: readFileSync(join(root, 'package-lock.json'), 'utf8') },
    ];
    const hosts = /registry\.npmjs\.org|deb\.debian\.org|proxy\.golang\.org|pypi\.org\b|crates\.io|repo1?\.maven/;
    const machine = /(^|[^A-Za-z0-9_.])\/(work|farm)\/[a-z]/m;
    const found = texts.filter(({ path, text }) => !path.startsWith('test/house/') && (hosts.test(text) || machine.test(text)));
    expect(found.map(({ path }) => path)).toEqual([]);
  });
});
