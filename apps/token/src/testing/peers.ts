import {
  type AuthenticateRequest,
  type AuthenticateResponse,
  type GetClaimsRequest,
  type GetClaimsResponse,
  IdentityServiceService,
  type PullFeedRequest as IdentityPullFeedRequest,
  type PullFeedResponse as IdentityPullFeedResponse,
  RedeemCompletionResponse,
} from '@authority/contracts/identity';
import type { FeedEntry, PullFeedResponse } from '@authority/contracts/rpc';
import {
  BeginResponse,
  EndResponse,
  type PullFeedRequest,
  type PullFeedResponse as SessionPullFeedResponse,
  type ResolveRequest,
  ResolveResponse,
  SessionServiceService,
} from '@authority/contracts/session';
import { type DirectHub, directRuntime, GrpcController, type Handlers, type Served } from '@authority/rpc';
import { Module } from '@nestjs/common';

/** A feed that tests append to. */
class FakeFeed {
  private readonly entries: FeedEntry[] = [];

  append(event: string, about: { sub?: string; sid?: string; at_ms?: number }): void {
    const { sub = '', sid = '', at_ms = Date.now() } = about;
    this.entries.push({ sequence: this.entries.length + 1, version: 1, event, sub, sid, at_ms, why: 'operator' });
  }

  async pull({ cursor, wait_ms }: { cursor: number; wait_ms: number }): Promise<PullFeedResponse> {
    const until = Date.now() + wait_ms;
    while (this.entries.length <= cursor && Date.now() < until) await new Promise((resolve) => setTimeout(resolve, 10));
    const entries = this.entries.filter((entry) => entry.sequence > cursor);
    return { entries, cursor: this.entries.length };
  }
}

/** What the fakes of session and identity answer. */
export interface FakePeers {
  sessions: Map<string, ResolveResponse>;
  claims: Map<string, Record<string, unknown>>;
  /** Subjects, by `name:password`. */
  passwords: Map<string, string>;
  sessionFeed: FakeFeed;
  identityFeed: FakeFeed;
  close(): Promise<void>;
}

/** Fakes of the two services that token asks, on a hub. */
export async function fakePeers(hub: DirectHub, encode: boolean): Promise<FakePeers> {
  const sessions = new Map<string, ResolveResponse>();
  const claims = new Map<string, Record<string, unknown>>();
  const passwords = new Map<string, string>();
  const sessionFeed = new FakeFeed();
  const identityFeed = new FakeFeed();

  @GrpcController(SessionServiceService)
  class SessionFake implements Handlers<typeof SessionServiceService> {
    async begin(): Promise<BeginResponse> {
      return BeginResponse.create();
    }
    async attest(): Promise<{ attestation: string }> {
      return { attestation: '' };
    }
    async listOwn(): Promise<{ signed_in: boolean; sessions: [] }> {
      return { signed_in: false, sessions: [] };
    }
    async endOwn(): Promise<{ signed_in: boolean; ended: number; propagating: boolean }> {
      return { signed_in: false, ended: 0, propagating: false };
    }
    async end(): Promise<EndResponse> {
      return EndResponse.create();
    }
    async resolve({ session }: ResolveRequest): Promise<ResolveResponse> {
      return sessions.get(session) ?? ResolveResponse.create();
    }
    async pullFeed({ pull }: PullFeedRequest): Promise<SessionPullFeedResponse> {
      return { feed: await sessionFeed.pull(pull ?? { cursor: 0, wait_ms: 0 }) };
    }
  }

  @GrpcController(IdentityServiceService)
  class IdentityFake implements Handlers<typeof IdentityServiceService> {
    async redeemCompletion(): Promise<RedeemCompletionResponse> {
      return RedeemCompletionResponse.create();
    }
    async attest(): Promise<{ attestation: string }> {
      return { attestation: '' };
    }
    async authenticate({ username, password }: AuthenticateRequest): Promise<AuthenticateResponse> {
      const sub = passwords.get(`${username}:${password}`);
      if (sub === undefined) return { outcome: { $case: 'refused', value: { reason: 'credentials_wrong', retry_at_ms: 0 } } };
      const value = { sub, amr: ['pwd'], acr: 'urn:authority:acr:password', auth_time_ms: Date.now() };
      return { outcome: { $case: 'authenticated', value } };
    }
    async getClaims({ sub }: GetClaimsRequest): Promise<GetClaimsResponse> {
      const found = claims.get(sub);
      return { active: found !== undefined, claims: JSON.stringify(found ?? {}) };
    }
    async pullFeed({ pull }: IdentityPullFeedRequest): Promise<IdentityPullFeedResponse> {
      return { feed: await identityFeed.pull(pull ?? { cursor: 0, wait_ms: 0 }) };
    }
  }

  @Module({})
  class SessionModule {}
  @Module({})
  class IdentityModule {}

  const served: Served[] = [
    await directRuntime({ self: 'session', hub, encode }).serve({
      module: { module: SessionModule, controllers: [SessionFake] },
      ready: () => true,
    }),
    await directRuntime({ self: 'identity', hub, encode }).serve({
      module: { module: IdentityModule, controllers: [IdentityFake] },
      ready: () => true,
    }),
  ];
  return {
    ...{ sessions, claims, passwords, sessionFeed, identityFeed },
    async close() {
      for (const one of served) await one.close();
    },
  };
}
