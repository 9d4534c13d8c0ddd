import { attributeNames, span } from '@authority/telemetry';

/**
 * A span of one caller around its part in a coalesced statement: the statement itself serves many and runs in no one's
 * trace, so this is where a trace reaches the row.
 */
export function statementSpan<T>(name: string, wait: () => Promise<T>): Promise<T> {
  return span(`postgres ${name}`, { 'db.system.name': 'postgresql', [attributeNames.statement]: name }, wait, { kind: 'client' });
}
