import { type Client, type Clients, isDocumentAddress } from '@authority/protocol';
import type { ClientDocuments } from './client-documents.ts';

/** Clients that are registered here, and those that are known by the address of their metadata. */
export class AllClients implements Clients {
  constructor(
    private readonly registered: Omit<Clients, 'load' | 'isLive'>,
    private readonly documents: ClientDocuments,
  ) {}

  find(client_id: string): Client | undefined {
    return isDocumentAddress(client_id) ? this.documents.find(client_id) : this.registered.find(client_id);
  }

  isLive(client_id: string): boolean {
    return isDocumentAddress(client_id) ? this.documents.isTaken(client_id) : this.registered.find(client_id)?.disabled === false;
  }

  async load(client_id: string): Promise<void> {
    if (isDocumentAddress(client_id)) await this.documents.load(client_id);
  }

  isResource(identifier: string): boolean {
    return this.registered.isResource(identifier);
  }

  verifySecret(client_id: string, secret: string): boolean | Promise<boolean> {
    return this.registered.verifySecret(client_id, secret);
  }

  /** A client that is an address shares no secret with anybody. */
  signingSecrets(client_id: string): readonly string[] {
    return isDocumentAddress(client_id) ? [] : this.registered.signingSecrets(client_id);
  }
}
