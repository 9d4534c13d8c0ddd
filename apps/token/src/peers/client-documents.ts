import { OAuthError } from '@authority/errors';
import { type Answer, freshFor, type Outbound, OutboundError } from '@authority/outbound';
import {
  type Client,
  type ClientDocumentPolicy,
  clientOfDocument,
  documentAddressFault,
  type DocumentTerms,
  type Policy,
  type Resources,
} from '@authority/protocol';

interface Entry {
  client: Client | undefined;
  /** What the client was judged by: other terms, and it is judged again. */
  terms: string;
  freshUntil: number;
  askedAt: number;
  failed: OAuthError | undefined;
  running: Promise<void> | undefined;
}

/** The draft's §6.6 advises 5 KB. */
const maxBytes = 5 * 1024;
/** Within the deadline of the edge, so that a host that is slow is told as such. */
const mostEntries = 1_000;
/** How long a document is used after its time when its host does not answer, as key sets are. */
const staleMs = 3_600_000;
/** A bound on how often a host is asked in vain, not a cache of its errors (§4.3). */
const failedForMs = 5_000;

/** Clients whose id is the address of their metadata, as this replica has fetched it: bounded, what failed first, then least recently used. */
export class ClientDocuments {
  private readonly entries = new Map<string, Entry>();

  constructor(
    private readonly outbound: Outbound,
    private readonly policy: Pick<Policy, 'clientDocuments' | 'profile'>,
    private readonly resources: Pick<Resources, 'openScopes'>,
    private readonly now: () => number = Date.now,
  ) {}

  find(client_id: string): Client | undefined {
    return this.isTaken(client_id) ? this.entries.get(client_id)?.client : undefined;
  }

  /** Whether the operator takes clients of this address now. */
  isTaken(client_id: string): boolean {
    return documentAddressFault(client_id) === undefined && takesHost(this.policy.clientDocuments(), new URL(client_id).hostname);
  }

  /** Fetches what is not known or too old; many that wait for one document ask once. */
  async load(client_id: string): Promise<void> {
    this.assertTaken(client_id);
    const entry = this.touch(client_id);
    const terms = JSON.stringify(this.termsNow());
    const now = this.now();
    if (entry.client !== undefined && entry.terms === terms && now < entry.freshUntil) return;
    if (entry.failed !== undefined && now < entry.askedAt + failedForMs) return this.staleOr(entry, entry.failed);
    entry.running ??= this.fetch(client_id, entry, terms);
    await entry.running;
  }

  private async fetch(client_id: string, entry: Entry, terms: string): Promise<void> {
    entry.askedAt = this.now();
    try {
      const answer = await this.outbound.fetch(client_id, { accept: 'application/json', maxBytes });
      // What is no document any more ends the client at once; only silence is waited out.
      entry.client = undefined;
      entry.client = clientOfDocument(client_id, parse(answer), this.termsNow());
      entry.terms = terms;
      entry.freshUntil = this.now() + freshFor(answer.headers) * 1000;
      entry.failed = undefined;
    } catch (error) {
      const refusal = error instanceof OutboundError ? unavailable(error) : error;
      if (!(refusal instanceof OAuthError)) throw refusal;
      entry.failed = refusal;
      this.staleOr(entry, refusal);
    } finally {
      entry.running = undefined;
    }
  }

  private staleOr(entry: Entry, refusal: OAuthError): void {
    const isUsable =
      entry.client !== undefined && entry.terms === JSON.stringify(this.termsNow()) && this.now() < entry.freshUntil + staleMs;
    if (!isUsable) throw refusal;
  }

  private assertTaken(client_id: string): void {
    if (this.policy.clientDocuments().taken === 'off') throw new OAuthError('invalid_client', 'client_unknown');
    const fault = documentAddressFault(client_id);
    if (fault !== undefined) {
      throw new OAuthError('invalid_client', 'client_document_refused', { description: `a client_id that is an address ${fault}` });
    }
    if (this.isTaken(client_id)) return;
    throw new OAuthError('invalid_client', 'client_document_refused', { description: 'clients of this host are not taken here' });
  }

  private termsNow(): DocumentTerms {
    const { scopes } = this.policy.clientDocuments();
    return { scopes, openScopes: this.resources.openScopes(), profile: this.policy.profile() };
  }

  private touch(client_id: string): Entry {
    const entry = this.entries.get(client_id) ?? newEntry();
    this.entries.delete(client_id);
    this.entries.set(client_id, entry);
    if (this.entries.size > mostEntries) this.entries.delete(this.leastWanted());
    return entry;
  }

  /** Anybody can name addresses where nothing is: they go before any document does. */
  private leastWanted(): string {
    const [[oldest] = ['']] = this.entries;
    for (const [id, { client, running, askedAt }] of this.entries) {
      if (client === undefined && running === undefined && askedAt > 0) return id;
    }
    return oldest;
  }
}

const newEntry = (): Entry => ({
  client: undefined,
  terms: '',
  freshUntil: 0,
  askedAt: 0,
  failed: undefined,
  running: undefined,
});

/** `*.example.com` is every name below it, not the name itself. */
function takesHost({ taken, hosts }: ClientDocumentPolicy, hostname: string): boolean {
  if (taken === 'any') return true;
  return taken === 'allowlist' && hosts.some((host) => host === hostname || (host.startsWith('*.') && hostname.endsWith(host.slice(1))));
}

/** 200 alone, a redirect is none (§4); JSON by its type as well. */
function parse({ status, headers, body }: Answer): unknown {
  if (status !== 200) throw invalid(`is answered with status ${status}`);
  if (!/^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(headers['content-type'] ?? '')) throw invalid('is not of type application/json');
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch {
    throw invalid('is not JSON');
  }
}

function invalid(what: string): OAuthError {
  return new OAuthError('invalid_client', 'client_document_invalid', { description: `the client metadata document ${what}` });
}

function unavailable(cause: OutboundError): OAuthError {
  const description = 'the client metadata document cannot be fetched';
  return new OAuthError('invalid_client', 'client_document_unavailable', { description, cause });
}
