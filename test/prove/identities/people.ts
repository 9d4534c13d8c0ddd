import { createHash, pbkdf2Sync } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';

export const password = 'correct horse battery staple 9';

const sha = createHash('sha1').update(`${password}provesalt`).digest();
const pbkdf2 = pbkdf2Sync(password, 'provesalt', 600_000, 32, 'sha256').toString('base64');

/** What a company has after some years: a hash of each kind, its share in twentieths. All are of the one password. */
const hashes: readonly (readonly [share: number, hash: string])[] = [
  [6, '$argon2id$v=19$m=19456,t=2,p=1$iga1q37osj+Cd5/YmlfyTQ$aANrp1W8AQeDT+qkA2VN4K6N8/ohOKOLmE45+3x+ALc'],
  [6, '$2b$10$cBlqca8skQE.1gxm2M/I1etxefUHLdOcdFmBSOoM6eKsoIgBxFnUi'],
  [3, `pbkdf2_sha256$600000$provesalt$${pbkdf2}`],
  [2, `{SSHA}${Buffer.concat([sha, Buffer.from('provesalt')]).toString('base64')}`],
  [2, '$6$provesalt$W65TZRnpqQW7vabe2HJrpSteTK6TLv5JOxxWfBrRQ7taMAmd6x6wIWYbxZytp0gvKp3rKSCuGDIL5NyZuCD6z0'],
  [1, '$1$provesal$IipbHJjum.n5D8DTCLYlZ1'],
];
const twentieths = hashes.flatMap(([share, hash]) => Array.from({ length: share }, () => hash));

const given = ['Ada', 'Grace', 'Alan', 'Edsger', 'Barbara', 'Donald', 'Margaret', 'Ken', 'Frances', 'John', 'Katherine', 'Niklaus'];
const family = [
  'Lovelace',
  'Hopper',
  'Turing',
  'Dijkstra',
  'Liskov',
  'Knuth',
  'Hamilton',
  'Thompson',
  'Allen',
  'McCarthy',
  'Johnson',
  'Wirth',
];

/** Eight letters that only person `index` has. */
export const wordOf = (index: number): string =>
  createHash('md5')
    .update(`person ${index}`)
    .digest('hex')
    .slice(0, 8)
    .replace(/\d/g, (digit) => 'ghijklmnop'[Number(digit)] ?? '');

export const emailOf = (index: number): string => `${wordOf(index)}.${index}@mail${index % 50}.example.com`;

/** Person `index` as a line of an import; the kinds of hashes come round every twenty. */
function lineOf(index: number): string {
  const name = `${given[index % 12] ?? ''} ${family[Math.floor(index / 12) % 12] ?? ''}`;
  return JSON.stringify({
    external_id: `old-${index}`,
    traits: { email: emailOf(index), name, family_name: name.split(' ')[1] },
    email_verified: index % 3 > 0,
    password_hash: twentieths[index % 20],
    disabled: index % 100 === 99,
    created_at: 1_600_000_000_000 + index * 1000,
  });
}

/** Writes people `from` to `to` (not among them) as a file for `authorityctl identities import`. */
export async function writePeople(path: string, from: number, to: number): Promise<void> {
  const file = createWriteStream(path);
  for (let index = from; index < to; index += 1) {
    if (!file.write(`${lineOf(index)}\n`)) await once(file, 'drain');
  }
  file.end();
  await once(file, 'finish');
}
