import { randomBytes } from 'node:crypto';
import { ListIdentitiesRequest } from '@authority/contracts/admin';
import { type Database, open, statement } from '@authority/postgres';
import { testPostgres, type TestPostgres } from '@authority/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { migrateIdentity } from '../identity.ts';
import { listIdentities } from './identities.ts';
import { search } from './search.ts';

let postgres: TestPostgres;
let database: Database;

const people = 24_000;
// Everybody is at example.com, the last 22,000 in a department, one in a hundred is called Mortlake, and one is Grizelda.
const fill = statement(
  '',
  `INSERT INTO identities (sub, traits, disabled)
   SELECT ('00000000-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid,
     jsonb_build_object('email', 'p' || i || '@example.com', 'name',
       CASE WHEN i = 23000 THEN 'Grizelda 100%_\\' WHEN i % 100 = 0 THEN 'Ärla MORTLAKE' ELSE 'Anna' END,
       'profile', CASE WHEN i > 2000 THEN 'department' ELSE '' END),
     i % 2 = 0
   FROM generate_series(1, ${people}) AS i`,
);

beforeAll(async () => {
  postgres = await testPostgres();
  const ownerUrl = await postgres.newDatabase();
  const serviceUrl = postgres.serviceUrl(ownerUrl, 'identity');
  await migrateIdentity({ ownerUrl, serviceUrl, secrets: [randomBytes(32)] });
  database = await open({ url: serviceUrl, service: 'identity' });
  await database.query(fill);
});

afterAll(async () => {
  await database.close();
  await postgres.stop();
});

const names = async (asked: Partial<ListIdentitiesRequest>): Promise<string[]> => {
  const all: string[] = [];
  let page_token = '';
  do {
    const answer = await listIdentities(database, ListIdentitiesRequest.fromPartial({ page_size: 500, ...asked, page_token }));
    all.push(...answer.identities.map(({ traits }) => (JSON.parse(traits) as { email: string }).email));
    page_token = answer.next_page_token;
  } while (page_token !== '');
  return all;
};

describe('how-to/operate.md: a search finds a part of any trait', () => {
  test.each([
    ['few, by the index', 'grizelda', 1],
    ['one in a hundred, in any case and beyond ASCII', 'ärla mort', people / 100 - 1],
    ['many, in order', 'example.com', people],
    ['many behind the first look', 'department', people - 2000],
    ['nobody', 'zzzz', 0],
    ['all trigrams, but not the text', 'com.example', 0],
    ['no pattern means anything', '100%_\\', 1],
    ['nor the wildcard', 'p%@', 0],
  ])('%s: each once, in order', async (_what, needle, count) => {
    const found = await names({ search: needle });
    expect(found).toHaveLength(count);
    expect(new Set(found).size).toBe(count);
    const numbers = found.map((email) => Number(/\d+/.exec(email)?.[0]));
    expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
  });

  test('a filter beside it holds, and a page of one size leads to the next', async () => {
    expect(await names({ search: 'mortlake', filter: 'disabled = "false"' })).toEqual([]);
    expect(await names({ search: 'mortlake', filter: 'sub = "00000000-0000-7000-8000-00000000012c"' })).toEqual(['p300@example.com']);
    expect(await names({ search: 'mortlake', page_size: 7 })).toHaveLength(people / 100 - 1);
  });

  test('what many have behind the first look takes pages of a bounded look, and never everything at once', async () => {
    const first = await search(database, { needle: 'department', after: undefined, limit: 51 });
    expect(first.subs).toHaveLength(51);
    const none = await search(database, { needle: 'xample.comx', after: undefined, limit: 51 });
    expect(none).toEqual({ subs: [] });
  });

  test.each(['ab', '  a  ', 'x'.repeat(101)])('a text that no index helps with is refused: %j', async (needle) => {
    await expect(names({ search: needle })).rejects.toMatchObject({ reason: 'filter_invalid', violations: [{ field: 'search' }] });
  });

  test('AIP-158: a token belongs to one search', async () => {
    const first = await listIdentities(database, ListIdentitiesRequest.fromPartial({ page_size: 1, search: 'example' }));
    const other = { page_size: 1, search: 'mortlake', page_token: first.next_page_token };
    await expect(listIdentities(database, ListIdentitiesRequest.fromPartial(other))).rejects.toMatchObject({
      reason: 'page_token_invalid',
    });
  });

  test('a filter by subject finds it by its key, and what is no subject is nobody', async () => {
    const sub = '00000000-0000-7000-8000-00000000012c';
    expect(await names({ filter: `sub = "${sub}"` })).toEqual(['p300@example.com']);
    expect(await names({ filter: 'sub = "p300"' })).toEqual([]);
  });
});
