import { type ServiceError, status } from '@grpc/grpc-js';
import { Fault, NotAdmitted } from '../fault.ts';
import { clean } from '../output/clean.ts';
import { detailsKey, violationsOf } from './status-details.ts';

/** What the person may try, where the server's own words do not say it. */
const advice: Readonly<Partial<Record<status, string>>> = {
  [status.UNAUTHENTICATED]: 'the operator file may be of another server or out of date, give --operator-file',
  [status.PERMISSION_DENIED]: 'use an operator whose client may ask for authority.admin',
  [status.INVALID_ARGUMENT]: 'see --help',
  [status.NOT_FOUND]: 'the list command shows what there is',
  [status.ALREADY_EXISTS]: 'choose another, or change the one that exists',
  [status.ABORTED]: 'somebody changed it meanwhile; look at it and repeat',
  [status.FAILED_PRECONDITION]: 'see --help',
  [status.RESOURCE_EXHAUSTED]: 'wait a little and try again',
  [status.DEADLINE_EXCEEDED]: 'try again, or wait longer with --timeout',
  [status.UNIMPLEMENTED]: 'the server is older than this authorityctl; use the one of its release',
  [status.INTERNAL]: "the server's log says what happened",
};

const passing: ReadonlySet<status> = new Set([status.UNAVAILABLE, status.DEADLINE_EXCEEDED, status.RESOURCE_EXHAUSTED, status.ABORTED]);

/** A refused call as one line for people. */
export function faultOfRefusal(what: string, address: string, error: ServiceError): Fault {
  const broken = error.code === status.UNAVAILABLE ? brokenConnection(address, error.details) : undefined;
  if (broken) return new Fault(1, `${what}: ${broken}`, true);
  const why = clean(reasonOf(error)).replace(/[.;\s]+$/, '');
  // The server's own messages end with what to do.
  const tryThis = why.includes('; ') ? '' : `; ${advice[error.code] ?? 'try again in a moment'}`;
  const line = `${what}: ${why}${tryThis}`;
  const refused = error.code === status.UNAUTHENTICATED || error.code === status.PERMISSION_DENIED;
  return refused ? new NotAdmitted(line) : new Fault(1, line, passing.has(error.code));
}

/** What grpc-js says of a connection that did not come about or broke, in our words. */
function brokenConnection(address: string, details: string): string | undefined {
  const tls = /certificate[^.]*|ssl[^.]*|tls[^.]*|ALTNAME[^.]*/i.exec(details)?.[0];
  if (tls !== undefined) return `no trusted connection to ${address} (${clean(tls).trim()}); give --ca, and --cert with --key`;
  if (!/No connection established|ECONN|ENOTFOUND|Name resolution failed|Connection dropped/.test(details)) return undefined;
  return `nobody answers at ${address}; is the server running? start it with npm start, or give --address`;
}

function reasonOf(error: ServiceError): string {
  const details = error.metadata?.get(detailsKey)[0];
  const violations = Buffer.isBuffer(details) ? violationsOf(details) : [];
  if (violations.length > 0) return violations.map(({ field, description }) => `${field} ${description}`.replaceAll(';', ',')).join(', ');
  return error.details || status[error.code] || 'it failed';
}
