import { randomBytes } from 'node:crypto';
import { ConfigFault } from '@authority/config';
import { expect, test } from 'vitest';
import { tokenConfig, tokenMigrateConfig } from './config.ts';

const AUTHORITY_SECRETS = randomBytes(32).toString('hex');

test('contract.md, settings: all faults are told at once, by name', () => {
  const env = { AUTHORITY_ISSUER: 'http://id.example', AUTHORITY_REGISTRATION: 'sometimes', AUTHORITY_SECRETS: 'short' };
  const fault = (): unknown => {
    try {
      return tokenConfig(env);
    } catch (error) {
      return error;
    }
  };
  expect(fault()).toBeInstanceOf(ConfigFault);
  const text = String(fault());
  for (const name of [
    'ISSUER',
    'REGISTRATION',
    'SECRETS',
    'SESSION_ADDRESS',
    'IDENTITY_ADDRESS',
    'RPC_CERT_FILE',
    'RPC_KEY_FILE',
    'RPC_CA_FILE',
  ]) {
    expect(text).toContain(`AUTHORITY_${name}`);
  }
});

test('contract.md, settings: migrate needs neither peers nor certificates', () => {
  const env = {
    AUTHORITY_SECRETS,
    AUTHORITY_DATABASE_URL: 'postgres://token@db/authority',
    AUTHORITY_MIGRATION_DATABASE_URL: 'postgres://owner@db/authority',
  };
  expect(tokenMigrateConfig(env)).toEqual({
    issuer: 'http://localhost:8080',
    ownerUrl: 'postgres://owner@db/authority',
    serviceUrl: 'postgres://token@db/authority',
    secrets: [Buffer.from(AUTHORITY_SECRETS, 'hex')],
  });
  expect(() => tokenMigrateConfig({ AUTHORITY_SECRETS })).toThrow('AUTHORITY_DATABASE_URL');
});
