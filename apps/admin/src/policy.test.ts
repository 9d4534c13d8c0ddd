import { readdirSync } from 'node:fs';
import * as contract from '@authority/contracts/admin';
import { mayCall } from '@authority/rpc';
import { describe, expect, test } from 'vitest';
import { mergedPaths } from './door.ts';
import { adminDefinitions, adminMethods } from './methods.ts';
import { assertPermitted, owners, policy, scopes } from './policy.ts';

/** Every service definition that the generated contract exports, found by its shape. */
const generated = Object.entries(contract).filter(([name]) => name.endsWith('ServiceService'));
const generatedPaths = generated.flatMap(([, definition]) =>
  Object.values(definition as Record<string, { path: string }>).map(({ path }) => path),
);

describe('style.md: one policy table', () => {
  test('contract.md: every RPC of authority.admin.v1 is in the policy, and nothing else is', () => {
    expect(Object.keys(policy).sort()).toEqual([...generatedPaths].sort());
  });

  test('contract.md: every service of the contract is served, one for each file of the package', () => {
    const files = readdirSync(new URL('../../../proto/authority/admin/v1', import.meta.url));
    expect(adminDefinitions).toHaveLength(generated.length);
    expect(files.filter((name) => name.endsWith('.proto'))).toHaveLength(generated.length);
    expect(adminMethods.map(({ path }) => path).sort()).toEqual([...generatedPaths].sort());
  });

  test('house.md: the owner of each method is one that the admin service may call for it', () => {
    for (const [path, { owner }] of Object.entries(policy)) {
      for (const one of owner === 'merge' ? owners : [owner]) expect([path, one, mayCall('admin', one, path)]).toEqual([path, one, true]);
    }
  });

  test('style.md: what the policy says to merge is merged, and nothing else is', () => {
    const said = Object.entries(policy).filter(([, { owner }]) => owner === 'merge');
    expect(said.map(([path]) => path).sort()).toEqual([...mergedPaths].sort());
  });

  test('contract.md: the read scope opens List and Get only; authority.admin opens all', () => {
    for (const { path } of adminMethods) {
      const reads = /\/(?:List|Get)/.test(path);
      expect([path, policy[path].scope]).toEqual([path, reads ? scopes.read : scopes.all]);
      expect(() => assertPermitted(new Set(['authority.admin']), path)).not.toThrow();
      const reader = (): void => assertPermitted(new Set(['authority.admin.read']), path);
      if (reads) expect(reader).not.toThrow();
      else expect(reader).toThrow(expect.objectContaining({ code: 'PERMISSION_DENIED', reason: 'token_scope_insufficient' }));
    }
  });

  test.each([['authority.administrator'], ['authority.admin.read.all'], ['authority'], ['AUTHORITY.ADMIN'], ['']])(
    'RFC 6749 §3.3: the scope %j is another word and opens nothing',
    (scope) => {
      for (const { path } of adminMethods) expect(() => assertPermitted(new Set([scope]), path)).toThrow('permission');
    },
  );
});
