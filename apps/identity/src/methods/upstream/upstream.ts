import type { Method } from '../../flows/method.ts';
import { pendingOf } from './pending.ts';
import { upstreamSettings } from './settings.ts';
import { type UpstreamPorts, upstreamSignIn } from './sign-in.ts';

/** An account at another provider (no amr: RFC 8176 has none for it). It is one factor: what was asked of the person there, we do not know. */
export const upstream = (ports: UpstreamPorts): Method => ({
  name: 'upstream',
  first: upstreamSignIn(ports),
  registration: upstreamSignIn(ports),
  settings: upstreamSettings(ports),

  async finish({ memory }, { sub }) {
    const pending = pendingOf(memory);
    // Both sides were proved in this flow, in this browser. A subject that was linked elsewhere meanwhile stays there.
    if (pending) await ports.links.link(sub, pending);
  },
});
