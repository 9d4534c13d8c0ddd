import type { Rendered } from './templates/render.ts';

/** A message as a transport sends it. */
export interface Message extends Rendered {
  readonly id: string;
  readonly kind: string;
  readonly lang: string;
  readonly from: { readonly name: string; readonly address: string };
  readonly replyTo: string;
  readonly to: string;
  readonly at: Date;
}

export interface Transport {
  /** Throws `Undeliverable` when the recipient is refused for good, and anything else when a later attempt may do better. */
  send(message: Message, signal: AbortSignal): Promise<void>;
  close(): void;
}
