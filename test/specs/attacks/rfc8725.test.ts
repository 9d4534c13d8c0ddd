import { generateKeyPairSync } from 'node:crypto';
import { post, startOneProcess, type Suite } from '@authority/testing/suite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Door, type Doors, openDoors, publicJwk } from './doors.ts';
import { es256, jws, keyed, keyless } from './forge.ts';
import { startTrap, type Trap } from './trap.ts';

let suite: Suite;
let trap: Trap;
let doors: Doors;

beforeAll(async () => {
  suite = await startOneProcess();
  const attacker = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  trap = await startTrap(JSON.stringify({ keys: [{ ...publicJwk(attacker), kid: 'trap' }] }));
  doors = await openDoors(suite, trap, attacker);
});
afterAll(async () => {
  doors?.operator.close();
  await trap?.close();
  await suite?.stop();
});

/** Refused as what it is, at once, and never as a fault of ours. */
async function refuses(door: Door, jwts: readonly string[]): Promise<void> {
  for (const jwt of jwts) {
    const started = performance.now();
    const answer = await door.send(jwt);
    expect(door.accepted(answer), `${door.name}: ${jwt.slice(0, 200)} was accepted`).toBe(false);
    expect(answer.status, `${door.name}: ${jwt.slice(0, 200)}\n${answer.text}`).toBeLessThan(500);
    expect(performance.now() - started, `${door.name}: ${jwt.slice(0, 200)}`).toBeLessThan(2000);
  }
}

describe('RFC 8725', () => {
  test('what would be accepted is, so that what follows is refused for what it is', async () => {
    for (const door of [...doors.theirs, ...doors.ours]) {
      const answer = await door.send(door.good());
      expect(door.accepted(answer), `${door.name}: ${answer.status} ${answer.text}`).toBe(true);
    }
  });

  test.each(keyless)('RFC 8725 %s are refused at every door', async (_what, attack) => {
    for (const door of [...doors.theirs, ...doors.ours]) await refuses(door, attack(door.forgery()));
  });

  test.each(keyed)('RFC 8725 %s are refused at every door', async (_what, attack) => {
    for (const door of doors.theirs) {
      const forgery = door.forgery();
      if (forgery.key) await refuses(door, attack({ ...forgery, key: forgery.key }));
    }
  });

  test('RFC 8725 §2.6: of members that are there twice nobody reads one and checks another', async () => {
    for (const door of doors.theirs) {
      const { header, claims, key } = door.forgery();
      if (!key) continue;
      const twice = `${JSON.stringify(claims).slice(0, -1)},"iss":"https://evil.example"}`;
      await refuses(door, [jws(header, twice, es256(key)), jws('{"alg":"ES256","kid":"one","alg":"none"}', claims, es256(key))]);
    }
  });

  test('RFC 8725 §2.7: what was made for one door opens no other', async () => {
    const all = [...doors.theirs, ...doors.ours];
    for (const door of doors.theirs) {
      for (const other of all) {
        const kin = door.name.includes('assertion (RFC 7523 §2.1)') && other.name.includes('subject token');
        const back = door.name.includes('subject token') && other.name.includes('assertion (RFC 7523 §2.1)');
        if (other !== door && !kin && !back) await refuses(other, [door.good()]);
      }
    }
    const { access_token, id_token, refresh_token } = doors.tokens;
    for (const door of doors.theirs) await refuses(door, [access_token, id_token, refresh_token]);
  });

  test('RFC 8725 §3.11, §3.12: one kind of token of ours is not taken for another', async () => {
    const { access_token, id_token } = doors.tokens;
    const [userInfo, introspection, hint] = doors.ours;
    for (const door of [userInfo, introspection]) if (door) await refuses(door, [id_token]);
    if (hint) await refuses(hint, [access_token]);
    for (const token of [access_token, id_token]) {
      const refreshed = await post(
        `${suite.issuer}/oauth2/token`,
        { grant_type: 'refresh_token', refresh_token: token },
        doors.party.client,
      );
      const redeemed = await doors.party.redeem({ code: token, verifier: 'x'.repeat(43) });
      expect([refreshed.json()['error'], redeemed.json()['error']]).toEqual(['unauthorized_client', 'invalid_grant']);
    }
  });

  test('RFC 8725 §3.9, §3.8: our tokens with a part changed are none', async () => {
    for (const door of doors.ours) {
      const [header = '', payload = '', signature = ''] = door.good().split('.');
      const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
      const changed = (changes: object): string => Buffer.from(JSON.stringify({ ...claims, ...changes })).toString('base64url');
      const more = [
        { sub: '01890000-0000-7000-8000-00000000000a' },
        { exp: 9_999_999_999 },
        { scope: 'openid authority.admin' },
        { aud: 'https://evil.example' },
      ];
      const flipped = `${signature.slice(0, 10)}${signature[10] === 'A' ? 'B' : 'A'}${signature.slice(11)}`;
      await refuses(door, [
        ...more.map((changes) => `${header}.${changed(changes)}.${signature}`),
        `${header}.${payload}.${flipped}`,
        `${header}.${payload}.`,
      ]);
    }
  });

  test('RFC 8725 §3.10: no address that a header named was asked', () => {
    expect(trap.asked).toEqual([]);
  });

  test('style.md 15: no attack was a fault', () => {
    const faults = suite
      .output()
      .split('\n')
      .filter((line) => line.includes('"level":"error"'));
    expect(faults).toEqual([]);
  });
});
