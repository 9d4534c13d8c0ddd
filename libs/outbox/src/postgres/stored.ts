/** What a row holds. */
export interface Stored {
  readonly v: 1;
  readonly payload: unknown;
}

export function isStored(data: unknown): data is Stored {
  return typeof data === 'object' && data !== null && 'v' in data && data.v === 1 && 'payload' in data;
}
