/** A method that shows nothing in the request: its client only says who it is, and the connection is what counts (RFC 8705 §2). */
export function byConnection(): undefined {
  return undefined;
}
