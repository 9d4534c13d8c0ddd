import type { SettingsServiceService } from '@authority/contracts/admin';
import type { FeedSource } from '@authority/feed';
import type { Database } from '@authority/postgres';
import type { Handlers } from '@authority/rpc';
import type { Directory } from './sessions/directory.ts';
import type { OwnSessions } from './sessions/own-sessions.ts';
import type { SessionEndpoint } from './sessions/session-endpoint.ts';

/** What the controllers answer from; made in session.ts. */
export interface SessionCore {
  readonly endpoint: SessionEndpoint;
  readonly directory: Directory;
  readonly own: OwnSessions;
  readonly feed: FeedSource;
  readonly settings: Handlers<typeof SettingsServiceService>;
  readonly database: Database;
}

/** The injection token of the core. */
export const SESSION_CORE = Symbol('session core');
