import { type Queryable, statement } from '@authority/postgres';
import { currentTrace } from '@authority/telemetry';

/** Who did what to what (authority.admin.v1.AuditEvent). */
export interface Act {
  /** `client.create`, `identity.disable`, `session.end`, … */
  readonly action: string;
  /** `operator:<client_id>`, `user:<sub>`, `client:<client_id>` or `system`. */
  readonly actor: string;
  /** `client:<client_id>`, `identity:<sub>`, … */
  readonly target: string;
  /** Never a secret: audit rows are kept and shown. */
  readonly details?: Readonly<Record<string, unknown>>;
}

const append = statement('audit_append', 'INSERT INTO audit (action, actor, target, details, trace_id) VALUES ($1, $2, $3, $4::jsonb, $5)');

/** Writes the audit row of a change, in the transaction of the change: neither can be there without the other. */
export async function appendAudit(tx: Queryable, act: Act): Promise<void> {
  const details = JSON.stringify(act.details ?? {});
  await tx.query(append, [act.action, act.actor, act.target, details, currentTrace()?.traceId ?? '']);
}
