import { OAuthError } from '@authority/errors';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseClaims } from './claims-parameter.ts';

test('OpenID Connect Core §5.5: the example of the specification', () => {
  const { userinfo, id_token } = parseClaims(
    JSON.stringify({
      userinfo: {
        given_name: { essential: true },
        nickname: null,
        email: { essential: true },
        picture: null,
        'http://example.info/claims/groups': null,
      },
      id_token: { auth_time: { essential: true }, acr: { values: ['urn:mace:incommon:iap:silver'] } },
    }),
  );
  expect([...userinfo.keys()]).toEqual(['given_name', 'nickname', 'email', 'picture', 'http://example.info/claims/groups']);
  expect(userinfo.get('given_name')).toEqual({ essential: true });
  expect(userinfo.get('nickname')).toEqual({ essential: false });
  expect(id_token.get('acr')).toEqual({ essential: false, values: ['urn:mace:incommon:iap:silver'] });
});

test('OpenID Connect Core §5.5: members that are not understood are ignored, null asks for nothing', () => {
  const { userinfo, id_token } = parseClaims('{"userinfo":null,"verified":[1],"id_token":{"sub":{"value":"a","purpose":{"x":1}}}}');
  expect(userinfo.size).toBe(0);
  expect(id_token.get('sub')).toEqual({ essential: false, values: ['a'] });
});

const deep = (depth: number): string => `{"id_token":{"acr":{"value":${'['.repeat(depth)}${']'.repeat(depth)}}}}`;

test.each<[string, string]>([
  ['no JSON', '{'],
  ['an array', '[]'],
  ['a text', '"userinfo"'],
  ['a member that is an array', '{"userinfo":[]}'],
  ['a claim asked for by true', '{"userinfo":{"email":true}}'],
  ['essential that is a text', '{"id_token":{"acr":{"essential":"true"}}}'],
  ['values that are no array', '{"id_token":{"acr":{"values":"a"}}}'],
  ['33 values', JSON.stringify({ id_token: { acr: { values: Array.from({ length: 33 }, String) } } })],
  ['65 claims', JSON.stringify({ userinfo: Object.fromEntries(Array.from({ length: 65 }, (_, at) => [`c${at}`, null])) })],
  ['a name with NUL', '{"userinfo":{"a\\u0000":null}}'],
  ['more than 8 KiB', `{"userinfo":{"${'a'.repeat(8192)}":null}}`],
])('OpenID Connect Core §5.5: %s is invalid_request', (_what, text) => {
  expect(() => parseClaims(text)).toThrow(expect.objectContaining({ error: 'invalid_request', reason: 'claims_malformed' }));
});

test('OpenID Connect Core §5.5: nesting costs nothing', () => {
  expect(parseClaims(deep(4000)).id_token.has('acr')).toBe(true);
});

test('style.md 13: whatever is sent is read or refused, and nothing of it reaches a prototype', () => {
  const names = fc.constantFrom('userinfo', 'id_token', 'acr', 'sub', '__proto__', 'constructor', 'essential', 'values', 'value');
  const json = fc.letrec<{ any: unknown }>((tie) => ({
    any: fc.oneof({ depthSize: 'small' }, fc.jsonValue(), fc.dictionary(names, tie('any')), fc.array(tie('any'), { maxLength: 4 })),
  })).any;
  fc.assert(
    fc.property(
      fc.oneof(
        json.map((value) => JSON.stringify(value)),
        fc.string(),
      ),
      (text) => {
        try {
          const { userinfo, id_token } = parseClaims(text);
          for (const [, how] of [...userinfo, ...id_token]) expect(typeof how.essential).toBe('boolean');
        } catch (error) {
          expect(error).toBeInstanceOf(OAuthError);
          expect((error as OAuthError).description).toMatch(/^[\x20-\x21\x23-\x5b\x5d-\x7e]+$/);
        }
        expect(({} as Record<string, unknown>)['essential']).toBeUndefined();
      },
    ),
    { numRuns: 200 },
  );
});
