import { redirectUriFault } from './redirect-uri.ts';

/** Whether an id is meant as an address. No client that is registered has such an id (isClientId). */
export function isDocumentAddress(client_id: string): boolean {
  return client_id.startsWith('https://');
}

/**
 * What is wrong with an address (draft §3), or undefined: https, with a path, without fragment, user information and dot
 * segments, in its normal form. A query, which the draft advises against, would make many clients of one document.
 */
export function documentAddressFault(client_id: string): string | undefined {
  if (client_id.length > 512) return 'is longer than 512 characters';
  const fault = redirectUriFault(client_id, 'web');
  if (fault !== undefined) return fault;
  if (client_id.includes('?')) return 'must not have a query';
  return new URL(client_id).pathname === '/' ? 'must have a path' : undefined;
}
