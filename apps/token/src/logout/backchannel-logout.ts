import { setTimeout as sleep } from 'node:timers/promises';
import { OAuthError } from '@authority/errors';
import type { Job } from '@authority/jobs';
import { type Outbound, OutboundError } from '@authority/outbound';
import { type Clients, type EndedSession, type LogoutTokenPorts, makeLogoutToken } from '@authority/protocol';
import { counter, gauge, log } from '@authority/telemetry';
import type { LogoutDelivery, LogoutOutcome, PostgresLogoutDeliveries } from '../postgres/logout-deliveries.ts';

const attempts = counter('authority_backchannel_logouts_total', 'Attempts to tell a client of a logout, by outcome.', ['outcome']);
const waiting = gauge('authority_backchannel_logouts_waiting', 'Clients that are still to be told of a logout; at the leader.');
const strayRows = gauge('authority_partition_stray_rows', 'Rows whose partition was missing when they came.', ['table']);

/** Requests at once, and those of one client among them: who is slow holds up a part of it. */
const mostAtOnce = 64;
const mostOfOneClient = 4;
const timeoutMs = 5_000;
const countEveryMs = 15_000;
/** Seconds until the next attempt; after the last one it is given up. An hour in all: longer than a deployment takes. */
const pauses = [2, 10, 60, 300, 900, 2400] as const;

export interface BackchannelLogoutPorts extends LogoutTokenPorts {
  clients: Pick<Clients, 'find'>;
}

/**
 * Tells clients of sessions that have ended (OpenID Connect Back-Channel Logout 1.0 §2.5), from the outbox. At least once:
 * a client may hear of one session twice, and each time with a token of its own.
 */
export class BackchannelLogout {
  /** What is under way, with its client. */
  private readonly running = new Map<Promise<void>, string>();
  private countedAt = 0;

  constructor(
    private readonly deliveries: Pick<PostgresLogoutDeliveries, 'take' | 'finish' | 'postpone' | 'waiting'>,
    private readonly ports: BackchannelLogoutPorts,
    private readonly outbound: Outbound,
    private readonly random: () => number = Math.random,
  ) {}

  /** Works until nothing is due. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const taken = await this.takeSome();
      for (const one of taken) this.begin(one, signal);
      if (this.running.size === 0) break;
      if (taken.length === 0) await Promise.race([...this.running.keys(), sleep(250)]);
    }
    await Promise.all(this.running.keys());
    if (Date.now() - this.countedAt < countEveryMs) return;
    this.countedAt = Date.now();
    waiting.set(await this.deliveries.waiting());
  }

  private async takeSome(): Promise<LogoutDelivery[]> {
    const room = mostAtOnce - this.running.size;
    return room <= 0 ? [] : await this.deliveries.take(room, mostOfOneClient, [...new Set(this.running.values())]);
  }

  private begin(delivery: LogoutDelivery, signal: AbortSignal): void {
    const running: Promise<void> = this.deliver(delivery, signal)
      .catch((error: unknown) => log.error('logout.delivery_failed', { client_id: delivery.client_id, error }))
      .finally(() => this.running.delete(running));
    this.running.set(running, delivery.client_id);
  }

  private async deliver(delivery: LogoutDelivery, signal: AbortSignal): Promise<void> {
    const client = this.ports.clients.find(delivery.client_id);
    const uri = client?.backchannel_logout_uri;
    if (!client || client.disabled || uri === undefined) return await this.finish(delivery, 'client_gone');

    const { client_id, sid } = delivery;
    const ended = { client, sub: delivery.sub, sid };
    const answered = await this.tell(uri, ended, signal);
    if (answered === 'told') return await this.finish(delivery, 'delivered');
    // We stop, or no longer lead: whoever leads next takes it when its lease is over.
    if (signal.aborted) return;

    const pause = pauses[delivery.attempts - 1];
    const fields = { client_id, attempt: delivery.attempts, answered };
    if (pause === undefined) {
      log.warn('logout.given_up', fields);
      return await this.finish(delivery, 'given_up');
    }
    attempts.add(1, { outcome: 'postponed' });
    log.info('logout.postponed', fields);
    // Spread, so that what failed together does not come back together.
    await this.deliveries.postpone(delivery, pause * (0.8 + 0.4 * this.random()));
  }

  /** §2.8: 200, and 204 which some frameworks make of it. Everything else may be better next time. */
  private async tell(uri: string, ended: EndedSession, signal: AbortSignal): Promise<string> {
    try {
      const body = new URLSearchParams({ logout_token: await makeLogoutToken(ended, this.ports, Date.now()) });
      const { status } = await this.outbound.fetch(uri, { method: 'POST', body, timeoutMs, signal });
      return status === 200 || status === 204 ? 'told' : String(status);
    } catch (error) {
      // OAuthError: there is no key of the client to encrypt for.
      if (error instanceof OutboundError || error instanceof OAuthError) return error.reason;
      throw error;
    }
  }

  private async finish(delivery: LogoutDelivery, outcome: LogoutOutcome): Promise<void> {
    attempts.add(1, { outcome });
    if (outcome === 'delivered') log.info('logout.delivered', { client_id: delivery.client_id, attempt: delivery.attempts });
    await this.deliveries.finish(delivery, outcome);
  }
}

export function logoutJobs(logout: Pick<BackchannelLogout, 'run'>, deliveries: Pick<PostgresLogoutDeliveries, 'upkeep'>): Job[] {
  return [
    { name: 'token.backchannel_logout', everyMs: 500, run: (_database, signal) => logout.run(signal) },
    {
      name: 'token.logout_upkeep',
      everyMs: 10 * 60_000,
      async run() {
        for (const { parent, strays } of await deliveries.upkeep()) {
          strayRows.set(strays, { table: parent });
          if (strays > 0) log.error('token.partition_missing', { table: parent, rows: strays });
        }
      },
    },
  ];
}
