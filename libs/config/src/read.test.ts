import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  address,
  choice,
  ConfigFault,
  duration,
  file,
  flag,
  integer,
  issuerSetting,
  list,
  listen,
  outboundSettings,
  read,
  rpcSettings,
  secret,
  secretUrl,
  type Spec,
  systemSecrets,
  text,
  url,
} from './index.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'authority-config-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const keep = (name: string, content: string): string => {
  writeFileSync(join(folder, name), content);
  return join(folder, name);
};

function faultsOf(spec: Spec, env: NodeJS.ProcessEnv): readonly string[] {
  try {
    read(spec, env);
  } catch (error) {
    if (error instanceof ConfigFault) return error.faults;
    throw error;
  }
  return [];
}

describe('contract.md "Settings": read', () => {
  it('contract.md: every kind reads its text', () => {
    const spec = {
      issuer: issuerSetting,
      httpListen: listen().default('127.0.0.1:8080'),
      tokenAddress: address().optional(),
      pollEvery: duration().default('500ms'),
      registration: choice(['token', 'open', 'off']).default('token'),
      uiUrl: url().optional(),
      replicas: integer({ min: 1, max: 9 }).default(1),
      verbose: flag().default(false),
      trustedProxies: list().default(''),
      OTEL_SERVICE_NAME: text().optional(),
    };
    const settings = read(spec, {
      AUTHORITY_HTTP_LISTEN: '[::1]:0',
      AUTHORITY_TRUSTED_PROXIES: '10.0.0.0/8, 192.168.0.1',
      OTEL_SERVICE_NAME: 'x',
    });
    expect(settings).toEqual({
      issuer: 'http://localhost:8080',
      httpListen: { host: '::1', port: 0 },
      tokenAddress: undefined,
      pollEvery: 500,
      registration: 'token',
      uiUrl: undefined,
      replicas: 1,
      verbose: false,
      trustedProxies: ['10.0.0.0/8', '192.168.0.1'],
      OTEL_SERVICE_NAME: 'x',
    });
    const registration: 'token' | 'open' | 'off' = settings.registration;
    expect(registration).toBe('token');
  });

  it('contract.md: all faults are told at once, by name, in the order of the spec', () => {
    const spec = {
      issuer: issuerSetting,
      httpListen: listen(),
      registration: choice(['token', 'off']),
      pollEvery: duration(),
      tokenAddress: address(),
      replicas: integer({ min: 1, max: 9 }),
      databaseUrl: secretUrl(['postgres']),
    };
    const env = {
      AUTHORITY_ISSUER: 'http://auth.example.com',
      AUTHORITY_HTTP_LISTEN: 'localhost',
      AUTHORITY_REGISTRATION: 'yes',
      AUTHORITY_POLL_EVERY: '5',
      AUTHORITY_TOKEN_ADDRESS: 'token:0',
      AUTHORITY_REPLICAS: '10',
    };
    expect(faultsOf(spec, env)).toEqual([
      'AUTHORITY_ISSUER: must be https unless its host is loopback; got http://auth.example.com',
      'AUTHORITY_HTTP_LISTEN: must be host:port, such as 127.0.0.1:8080; got localhost',
      'AUTHORITY_REGISTRATION: must be one of token, off; got yes',
      'AUTHORITY_POLL_EVERY: must be a duration, such as 500ms, 10s, 5m, 12h or 30d; got 5',
      'AUTHORITY_TOKEN_ADDRESS: must be host:port, such as token:9001; got token:0',
      'AUTHORITY_REPLICAS: must be an integer from 1 to 9; got 10',
      'AUTHORITY_DATABASE_URL: is required',
    ]);
    expect(() => read(spec, env)).toThrow(/faults:\n {2}AUTHORITY_ISSUER: .*\n {2}AUTHORITY_HTTP_LISTEN/);
  });

  it('contract.md: an empty variable is an unset one', () => {
    expect(read({ uiUrl: url().optional() }, { AUTHORITY_UI_URL: '' }).uiUrl).toBeUndefined();
    expect(faultsOf({ uiUrl: url() }, { AUTHORITY_UI_URL: '' })).toEqual(['AUTHORITY_UI_URL: is required']);
  });

  it('contract.md: rules over several settings are told in the same way', () => {
    const check = (): string[] => ['AUTHORITY_TLS_KEY_FILE: is needed with AUTHORITY_TLS_CERT_FILE'];
    expect(() => read({}, {}, { check })).toThrow('AUTHORITY_TLS_KEY_FILE');
  });
});

describe('contract.md "secrets also as NAME_FILE"', () => {
  it('contract.md: one trailing newline is taken off, no more', () => {
    const spec = { mailUrl: secret() };
    expect(read(spec, { AUTHORITY_MAIL_URL_FILE: keep('a', 'value\n') }).mailUrl).toBe('value');
    expect(read(spec, { AUTHORITY_MAIL_URL_FILE: keep('b', ' value\r\n') }).mailUrl).toBe(' value');
    expect(read(spec, { AUTHORITY_MAIL_URL_FILE: keep('c', 'value\n\n') }).mailUrl).toBe('value\n');
  });

  it('contract.md: both set, an empty file and a missing file are faults', () => {
    const spec = { mailUrl: secret() };
    const path = keep('d', 'value');
    expect(faultsOf(spec, { AUTHORITY_MAIL_URL: 'x', AUTHORITY_MAIL_URL_FILE: path })[0]).toBe(
      'AUTHORITY_MAIL_URL: is set twice: unset it or AUTHORITY_MAIL_URL_FILE',
    );
    expect(faultsOf(spec, { AUTHORITY_MAIL_URL_FILE: keep('e', '\n') })[0]).toMatch(/is empty in the file/);
    expect(faultsOf(spec, { AUTHORITY_MAIL_URL_FILE: `${path}-none` })[0]).toMatch(
      /^AUTHORITY_MAIL_URL_FILE: names a file that cannot be read \(ENOENT/,
    );
  });

  it('contract.md: a fault never repeats a secret, nor a password in a URL that should hold none', () => {
    const spec = { databaseUrl: secretUrl(['postgres']), secrets: systemSecrets, uiUrl: url() };
    const env = { AUTHORITY_DATABASE_URL: 'mysql://u:hunter2@db', AUTHORITY_SECRETS: 'hunter2', AUTHORITY_UI_URL: 'https://u:hunter2@x' };
    const faults = faultsOf(spec, env);
    expect(faults).toHaveLength(3);
    expect(faults.join()).not.toContain('hunter2');
  });

  it('contract.md AUTHORITY_OUTBOUND_ALLOW: hosts, networks, host:port', () => {
    const allow = 'idp.internal, 10.0.0.0/8 [fd00::1]:443 fd00::/8 hooks.internal:8443 ::1';
    expect(read(outboundSettings, { AUTHORITY_OUTBOUND_ALLOW: allow }).outboundAllow).toHaveLength(6);
    expect(read(outboundSettings, {}).outboundAllow).toEqual([]);
    for (const wrong of ['https://idp.internal', '*.internal', '10.0.0.0/33', 'a:0', 'a:65536', '[x]:1', 'x/8']) {
      expect(faultsOf(outboundSettings, { AUTHORITY_OUTBOUND_ALLOW: wrong }), wrong).toHaveLength(1);
    }
  });

  it('contract.md: a file that must be there is read at start', () => {
    const env = {
      AUTHORITY_RPC_CERT_FILE: keep('cert', 'CERT'),
      AUTHORITY_RPC_KEY_FILE: keep('key', 'KEY'),
      AUTHORITY_RPC_CA_FILE: join(folder, 'none'),
    };
    expect(faultsOf(rpcSettings, env)).toEqual([
      `AUTHORITY_RPC_CA_FILE: names a file that cannot be read (ENOENT: ${join(folder, 'none')}); got ${join(folder, 'none')}`,
    ]);
    const settings = read(rpcSettings, { ...env, AUTHORITY_RPC_CA_FILE: keep('ca', 'CA') });
    expect(settings.rpcCert.bytes.toString()).toBe('CERT');
    expect(settings.rpcListen).toEqual({ host: '127.0.0.1', port: 9000 });
    expect(read({ f: file().optional() }, {}).f).toBeUndefined();
  });
});
