import { describe, expect, it } from 'vitest';
import { isSecretName, redactText, redactValue } from './redact.ts';

describe('style.md 15, issue 2 item 5: no secret, token or code in any log', () => {
  it.each([
    ...['secret', 'client_secret', 'clientSecret', 'AUTHORITY_SECRETS', 'token', 'access_token', 'refreshToken', 'id_token_hint'],
    ...['code', 'user_code', 'device_code', 'password', 'newPassword', 'passphrase', 'assertion', 'client_assertion'],
    ...['cookie', 'set-cookie', 'authorization', 'Proxy-Authorization', 'code_verifier', 'private_key', 'privateKey', 'dpop'],
    ...['session_id', 'sid', 'handle', 'otp', 'pin', 'apiKey', 'nonce', 'credentials'],
  ])('a field named %s is hidden', (name) => {
    expect(isSecretName(name)).toBe(true);
    expect(redactValue(name, 'x')).toBe('[redacted]');
    expect(redactValue(name, 123456)).toBe('[redacted]');
    expect(redactValue('outer', { [name]: ['x', { y: 'x' }] })).toEqual({ [name]: '[redacted]' });
  });

  it.each([
    'status_code',
    'grpc_code',
    'token_type',
    'client_id',
    'grant_type',
    'reason',
    'key_id',
    'exit_code',
    'code_challenge_method',
    'statement',
  ])('a field named %s is shown', (name) => expect(redactValue(name, 'x')).toBe('x'));

  const jwt = 'eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl';
  it.each([
    [`got ${jwt} from`, 'got [redacted] from'],
    ['Authorization: Bearer abcdef123456', 'Authorization: Bearer [redacted]'],
    ['Basic czZCaGRSa3F0Mzo3RmpmcDBaQnIxS3REUmJuZlZkbUl3', 'Basic [redacted]'],
    ['postgres://user:hunter2@db/x failed', 'postgres://[redacted]@db/x failed'],
    ['GET /callback?code=SplxlOBeZQQYbYS6WxSbIA&state=xyz', 'GET /callback?code=[redacted]&state=[redacted]'],
    ['{"password":"hunter2","user":"a"}', '{"password":"[redacted]","user":"a"}'],
    ['-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----', '[redacted]'],
    [`handle ${'aB3_'.repeat(11)} unknown`, 'handle [redacted] unknown'],
  ])('a value that looks like a secret is hidden under any name: %s', (text, shown) => {
    expect(redactText(text)).toBe(shown);
  });

  it('trace ids, uuids, dates, URLs and words stay', () => {
    for (const text of [
      '4bf92f3577b34da6a3ce929d0e0e4736',
      '0b6e0c4e-92f1-4b1c-8f5e-6a0e3f6d4c11',
      'https://example.com/a',
      'code_replayed',
    ]) {
      expect(redactText(text)).toBe(text);
    }
  });
});

describe('style.md 15: what is logged is bounded', () => {
  it('long texts, wide and deep values, bytes and cycles', () => {
    expect((redactValue('x', 'word '.repeat(1_000)) as string).length).toBeLessThan(1_100);
    expect(redactValue('x', new Uint8Array(9))).toBe('[9 bytes]');
    expect(
      redactValue(
        'x',
        Array.from({ length: 100 }, () => 1),
      ),
    ).toHaveLength(40);
    const cycle: Record<string, unknown> = {};
    cycle.again = cycle;
    expect(JSON.stringify(redactValue('x', cycle))).toContain('[deeper]');
    expect(redactValue('x', 10n)).toBe('10');
    expect(redactValue('x', () => 1)).toBe('[function]');
  });

  it('an error shows type, message, reason, causes and frames, and none of its other properties', () => {
    const cause = Object.assign(new Error('duplicate key'), { code: '23505', detail: 'Key (email)=(a@b) exists' });
    const error = Object.assign(new Error('failed with token=abc', { cause }), { reason: 'internal', request: { body: 'x' } });
    const shown = redactValue('error', error);
    expect(shown).toMatchObject({ type: 'Error', message: 'failed with token=[redacted]', reason: 'internal', cause: { code: '23505' } });
    expect(JSON.stringify(shown)).not.toMatch(/a@b|body/);
    expect((shown as { stack: string }).stack).toMatch(/^at /);
  });
});
