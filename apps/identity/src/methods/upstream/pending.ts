import type { UpstreamSubject } from '../../upstream/ports.ts';

/** An account there that was proved in this flow, and waits until the flow proves who that is here. */
export type PendingLink = UpstreamSubject & { readonly name: string };

export function pendingOf(memory: Readonly<Record<string, unknown>>): PendingLink | undefined {
  const { pending } = memory;
  if (typeof pending !== 'object' || pending === null) return undefined;
  const { providerId, subject, name } = { ...pending } as Record<string, unknown>; // looked at below
  if (typeof providerId !== 'string' || typeof subject !== 'string' || typeof name !== 'string') return undefined;
  return { providerId, subject, name };
}
