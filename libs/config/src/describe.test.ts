import { describe as group, expect, it } from 'vitest';
import {
  contractVariables,
  dataDir,
  describe,
  helpText,
  issuerSetting,
  markdownTable,
  outboundSettings,
  processSettings,
  rpcSettings,
  storeSettings,
  systemSecrets,
  unknownSettings,
} from './index.ts';

const all = {
  issuer: issuerSetting,
  ...processSettings,
  ...rpcSettings,
  ...storeSettings,
  ...outboundSettings,
  dataDir,
  secrets: systemSecrets,
};

group('style.md 26: the reference is made from the specs', () => {
  it('contract.md: every common setting has its contract name and a text', () => {
    for (const one of describe(all)) {
      expect(contractVariables).toContain(one.name);
      expect(one.doc.length, one.name).toBeGreaterThan(20);
    }
  });

  it('contract.md: help and the table tell default, kind and the file of a secret', () => {
    expect(helpText(all)).toContain('AUTHORITY_SECRETS (or AUTHORITY_SECRETS_FILE)');
    expect(helpText(all)).toContain('host:port; default 127.0.0.1:9464');
    expect(markdownTable(all)).toContain('| `AUTHORITY_LOG_LEVEL` | debug \\| info \\| warn \\| error | default info |');
    expect(markdownTable(all)).toContain('| `AUTHORITY_RPC_KEY_FILE` | file | required |');
  });
});

it("contract.md: a misspelt variable is told with its nearest name; a neighbour's is not", () => {
  const env = { AUTHORITY_ISUER: 'x', AUTHORITY_WEATHER_FORECAST: 'x', AUTHORITY_UI_URL: 'x', AUTHORITY_SECRETS_FILE: 'x', PATH: 'x' };
  expect(unknownSettings(env, all)).toEqual([
    'AUTHORITY_ISUER: is not a setting; did you mean AUTHORITY_ISSUER?',
    'AUTHORITY_WEATHER_FORECAST: is not a setting',
  ]);
});
