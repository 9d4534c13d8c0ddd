import { hkdfSync } from 'node:crypto';
import { openScopesOf, type Resource, type Resources, type SealingKeys } from '@authority/protocol';

export class FakeResources implements Resources {
  readonly all = new Map<string, Resource>();

  add(resource: string, changes: Partial<Resource> = {}): void {
    this.all.set(resource, { resource, scopes: [], shared: false, allowedClients: [], ...changes });
  }

  find(identifier: string): Resource | undefined {
    return this.all.get(identifier);
  }

  openScopes(): readonly string[] {
    return openScopesOf(this.all.values());
  }
}

export class FakeSealingKeys implements SealingKeys {
  keyId = 'seal-1';
  readonly keys = new Map([['seal-1', 'the first key']]);

  currentKeyId(): string {
    return this.keyId;
  }

  deriveKey(keyId: string, salt: Uint8Array, info: string): Uint8Array | undefined {
    const key = this.keys.get(keyId);
    return key === undefined ? undefined : new Uint8Array(hkdfSync('sha256', key, salt, info, 32));
  }
}
